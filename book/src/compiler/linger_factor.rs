use std::time::Duration;

const MAX_LINGER: usize = 15;

fn main() {
    let silence = Duration::from_secs(2);
    println!("{:?}", silence * MAX_LINGER);
}
