use std::ops::Range;

fn part(range: Range<u64>) -> u64 {
    range.end - range.start
}

fn main() {
    let range = 2..5;
    let length = part(range);
    println!("{length} bytes from {}", range.start);
}
