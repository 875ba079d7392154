//! Diagrams are accessible, and right in every theme.

use crate::faults::Faults;
use crate::source::*;
use std::collections::BTreeSet;

#[test]
fn diagrams_are_accessible() {
    let mut faults = Faults::default();
    let mut ids = BTreeSet::new();
    let mut drawings = files(&source().join("diagrams"));
    let timelines = files(&source().join("timelines")).into_iter();
    drawings.extend(timelines.filter(|path| has_extension(path, "svg")));
    drawings.push(source().join("matrix_small.svg"));
    for path in drawings {
        let svg = read(&path);
        let mut fault = |what: &str| {
            faults.add(format!("{}: {what}", name(&path)));
        };
        if svg.lines().any(|line| line.trim().is_empty()) {
            fault("a blank line ends the HTML block in the page");
        }
        for needed in ["role=\"img\"", "<title", "<desc", "viewBox="] {
            if !svg.contains(needed) {
                fault(&format!("{needed} is missing"));
            }
        }
        for colour in ["fill=\"#", "stroke=\"#", "fill=\"black", "style="] {
            if svg.contains(colour) {
                fault("colours come from classes in custom.css");
            }
        }
        let stem = path.file_stem().unwrap().to_string_lossy().to_string();
        for id in svg.split(" id=\"").skip(1) {
            let id = id.split('"').next().unwrap();
            if !id.starts_with(&format!("{stem}-")) {
                fault(&format!("the id {id} should begin with {stem}-"));
            }
            if !ids.insert(id.to_string()) {
                fault(&format!("the id {id} is there twice"));
            }
        }
    }
}
