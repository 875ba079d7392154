//! The edits that may survive, and why.

use std::collections::BTreeMap;

/// From `step20 main.rs: [drop(pool); -> ]` to the reason.
pub fn all() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut reason = String::new();
    let mut was_edit = true;
    for line in include_str!("survivors.txt").lines() {
        let line = line.trim_end();
        let edit = line.strip_prefix("    ");
        if let Some(edit) = edit {
            all.insert(edit.to_string(), reason.clone());
        } else if !line.is_empty() {
            if was_edit {
                reason.clear();
            }
            let gap = if reason.is_empty() { "" } else { " " };
            reason += &format!("{gap}{line}");
        }
        was_edit = edit.is_some();
    }
    all
}
