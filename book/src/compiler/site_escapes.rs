struct Site;
struct ThreadPool;

impl ThreadPool {
    fn execute(&self, job: impl FnOnce() + Send + 'static) {}
}

fn handle(site: &Site) {}

fn serve(pool: &ThreadPool, site: &Site) {
    pool.execute(move || handle(site));
}

fn main() {}
