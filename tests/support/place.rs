//! Where this repository and its programs are. Both are found at run time,
//! because a checkout may be renamed or copied after it was built.

use std::env::{self, consts::EXE_SUFFIX};
use std::path::PathBuf;

/// The repository's root: Cargo names it when it runs a test.
pub fn repository() -> PathBuf {
    let root = env::var_os("CARGO_MANIFEST_DIR");
    root.unwrap_or(env!("CARGO_MANIFEST_DIR").into()).into()
}

/// One of the repository's programs. Cargo builds them before a test, and puts
/// them one directory above it: `target/debug/step05`.
pub fn binary(name: &str) -> PathBuf {
    let mut path = env::current_exe().expect("a test knows its own path");
    path.pop();
    path.set_file_name(format!("{name}{EXE_SUFFIX}"));
    let root = repository();
    assert!(path.is_file(), "{path:?} isn't built; run cargo test in {root:?}");
    path
}
