//! The book is true: whatever it shows of the programs comes out of them.
//!
//!     cargo test --test book            fails where the book has drifted
//!     BLESS=1 cargo test --test book    rewrites what is generated
//!
//! With `-- --include-ignored`, they also play the transcripts, ask the compiler,
//! and search the book.
//!
//! Generated are, below `book/src`: `diffs/`, `exercises/`, `matrix_table.md`,
//! `matrix_small.svg`, `hunts_list.md`, `hunts_exam.md`, the output in
//! `transcripts/` and the messages in `compiler/`.

#[allow(dead_code)] // The workshop needs more of it.
#[path = "../support/catalogue.rs"]
mod catalogue;
#[allow(dead_code)] // The workshop needs more of these.
#[path = "../../steps/tools/workshop/edits.rs"]
mod edits;
#[allow(dead_code)]
#[path = "../../steps/tools/workshop/exercises.rs"]
mod exercises;
#[allow(dead_code)]
#[path = "../../steps/tools/workshop/hunts.rs"]
mod hunts;
#[path = "../support/mdbook.rs"]
mod mdbook;
#[path = "../support/output.rs"]
mod output;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/running.rs"]
mod running;
#[path = "../support/scratch.rs"]
mod scratch;
#[allow(dead_code)] // The workshop needs more of it.
#[path = "../../steps/tools/workshop/steps.rs"]
mod steps;

mod faults;
mod source;

mod chapters;
mod compiler;
mod diagrams;
mod diffs;
mod exercises_pages;
mod glossary;
mod hunts_pages;
mod includes;
mod links;
mod matrix;
mod questions;
mod search;
mod table;
mod text;
mod transcripts;
