//! Which known property is the one that was meant?

use super::TABLE;

/// The known property that looks most like `name`, if one looks like it at all.
pub(super) fn to(name: &str) -> Option<&'static str> {
    let asked = name.to_ascii_lowercase();
    let known = || TABLE.iter().flat_map(|p| p.java.iter().chain(p.librdkafka)).copied();
    let close = known().map(|k| (distance(&asked, k), k)).min_by_key(|(d, k)| (*d, k.len()));
    let allowed = (asked.chars().count() / 4).clamp(1, 4);
    if let Some((_, near)) = close.filter(|(d, _)| *d <= allowed) {
        return Some(near);
    }
    // A part that was left off, as in `servers`.
    let whole_words =
        |k: &&str| k.split('.').collect::<Vec<_>>().windows(asked.split('.').count()).any(|w| w.join(".") == asked);
    known().filter(whole_words).min_by_key(|k| k.len())
}

/// Edits (insert, remove, replace, swap neighbours) that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
