//! Which topics become tables, and what those tables are called.
//!
//! Pure: the names of the cluster's topics go in, the chosen ones come out with their table names and with what their
//! extension says about the format. Nothing here depends on the order in which the cluster lists its topics.

use std::collections::BTreeMap;

use regex_lite::Regex;

use crate::format::Format;
use crate::infer::Extension;

/// Topics that Kafka keeps for itself, in case the broker did not flag them.
const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// Which topics are wanted, and how their tables are named.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Only topics that start with it; it is stripped from the table's name.
    pub prefix: String,
    /// Only the topic of exactly this name.
    pub topic: Option<String>,
    /// Only topics in whose full name it is found, anywhere.
    pub pattern: Option<Regex>,
    /// `.` and `-` become `_` in table names.
    pub identifiers: bool,
    /// Also topics that Kafka keeps for itself.
    pub include_internal: bool,
}

/// A topic that becomes a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The exact topic.
    pub topic: String,
    /// The table's name.
    pub table: String,
    /// What the topic's extension says, if it has a known one.
    pub extension: Option<Extension>,
    /// What a user of the name should know.
    pub warnings: Vec<String>,
}

/// What became of the cluster's topics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sorted by table name.
    pub chosen: Vec<Chosen>,
    /// Topics that were asked for but leave no table name, sorted.
    pub nameless: Vec<String>,
}

/// Two topics that would give one table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "topics `{first}` and `{second}` would both give table `{table}`{}",
    more(*.others)
)]
pub struct Collision {
    /// The name that both would give.
    pub table: String,
    /// The topic that sorts first.
    pub first: String,
    /// The one after it.
    pub second: String,
    /// How many further topics collide, with these or among themselves.
    pub others: usize,
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and 1 more topic collides)".to_owned(),
        n => format!(" (and {n} more topics collide)"),
    }
}

/// Chooses among `topics`, given as name and whether the broker calls it internal.
///
/// # Errors
///
/// When two topics would give one table name: neither may silently win.
pub fn select<'a>(topics: impl IntoIterator<Item = (&'a str, bool)>, rules: &Rules) -> Result<Selection, Collision> {
    let mut selection = Selection::default();
    let mut by_table: BTreeMap<String, Vec<Chosen>> = BTreeMap::new();
    for (topic, internal) in topics {
        if !rules.include_internal && (internal || INTERNAL.contains(&topic)) {
            continue;
        }
        if rules.topic.as_ref().is_some_and(|only| only != topic) {
            continue;
        }
        if rules.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(topic)) {
            continue;
        }
        let Some(rest) = topic.strip_prefix(rules.prefix.as_str()) else {
            continue;
        };
        let (stem, extension) = split_extension(rest);
        if stem.is_empty() {
            selection.nameless.push(topic.to_owned());
            continue;
        }
        let table = if rules.identifiers { stem.replace(['.', '-'], "_") } else { stem.to_owned() };
        by_table.entry(table.clone()).or_default().push(Chosen {
            topic: topic.to_owned(),
            table,
            extension,
            warnings: Vec::new(),
        });
    }
    selection.nameless.sort();
    selection.nameless.dedup();
    for same in by_table.values_mut() {
        same.sort_by(|a, b| a.topic.cmp(&b.topic));
        same.dedup_by(|a, b| a.topic == b.topic);
    }
    if let Some(collision) = collision(&by_table) {
        return Err(collision);
    }
    selection.chosen = by_table.into_values().flatten().collect();
    warn_of_case(&mut selection.chosen);
    Ok(selection)
}

/// Splits a known extension off a topic's name; only the last one counts, and an unknown one stays.
pub fn split_extension(name: &str) -> (&str, Option<Extension>) {
    if let Some((stem, extension)) = name.rsplit_once('.')
        && let Some(format) = Format::from_extension(extension)
    {
        let tabs = extension.eq_ignore_ascii_case("tsv");
        return (stem, Some(Extension { format, tabs }));
    }
    (name, None)
}

fn collision(by_table: &BTreeMap<String, Vec<Chosen>>) -> Option<Collision> {
    let mut colliding = by_table.iter().filter(|(_, same)| same.len() > 1);
    let (table, same) = colliding.next()?;
    let [first, second, rest @ ..] = same.as_slice() else {
        return None;
    };
    Some(Collision {
        table: table.clone(),
        first: first.topic.clone(),
        second: second.topic.clone(),
        others: rest.len() + colliding.map(|(_, same)| same.len()).sum::<usize>(),
    })
}

/// Two names that differ in case only are two tables, but one file where the file system ignores case.
fn warn_of_case(chosen: &mut [Chosen]) {
    let mut folded: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, one) in chosen.iter().enumerate() {
        folded.entry(one.table.to_ascii_lowercase()).or_default().push(i);
    }
    for same in folded.values().filter(|same| same.len() > 1) {
        for &i in same {
            let others: Vec<String> = same
                .iter()
                .filter(|&&j| j != i)
                .filter_map(|&j| chosen.get(j).map(|other| format!("`{}`", other.table)))
                .collect();
            if let Some(one) = chosen.get_mut(i) {
                one.warnings.push(format!(
                    "table name `{}` differs from {} in case only: a file system that ignores case holds one of them",
                    one.table,
                    others.join(", ")
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn chosen(topics: &[&str], rules: &Rules) -> Vec<(String, String)> {
        select(topics.iter().map(|t| (*t, false)), rules)
            .unwrap()
            .chosen
            .into_iter()
            .map(|c| (c.topic, c.table))
            .collect()
    }

    fn named(format: Format, tabs: bool) -> Option<Extension> {
        Some(Extension { format, tabs })
    }

    fn prefix(prefix: &str) -> Rules {
        Rules { prefix: prefix.to_owned(), ..Rules::default() }
    }

    #[test]
    fn the_table_is_the_topic_without_prefix_and_extension() {
        assert_eq!(
            chosen(&["shop.orders1", "shop.orders2.json", "other"], &prefix("shop.")),
            [("shop.orders1".to_owned(), "orders1".to_owned()), ("shop.orders2.json".to_owned(), "orders2".to_owned())]
        );
    }

    #[test]
    fn only_the_last_extension_counts_and_an_unknown_one_stays() {
        for (name, stem, extension) in [
            ("orders.json", "orders", named(Format::Json, false)),
            ("orders.JSON", "orders", named(Format::Json, false)),
            ("orders.NdJson", "orders", named(Format::Json, false)),
            ("orders.csv.json", "orders.csv", named(Format::Json, false)),
            ("orders.tsv", "orders", named(Format::Csv, true)),
            ("orders.txt", "orders", named(Format::Text, false)),
            ("orders.proto", "orders", named(Format::Protobuf, false)),
            ("orders.v2", "orders.v2", None),
            ("orders.json.v2", "orders.json.v2", None),
            ("orders.", "orders.", None),
            ("json", "json", None),
            (".json", "", named(Format::Json, false)),
            ("orders", "orders", None),
        ] {
            assert_eq!(split_extension(name), (stem, extension), "{name}");
        }
    }

    #[test]
    fn internal_topics_are_left_out_unless_asked_for() {
        let topics =
            [("__consumer_offsets", false), ("__transaction_state", true), ("secret", true), ("_schemas", false)];
        let all = |rules: &Rules| -> Vec<String> {
            select(topics, rules).unwrap().chosen.into_iter().map(|c| c.topic).collect()
        };
        assert_eq!(all(&Rules::default()), ["_schemas"]);
        let rules = Rules { include_internal: true, ..Rules::default() };
        assert_eq!(all(&rules).len(), 4);
    }

    #[test]
    fn what_has_no_name_left_is_said_so() {
        let selection = select([("shop.", false), ("shop..json", false), ("shop.a", false)], &prefix("shop.")).unwrap();
        assert_eq!(selection.nameless, ["shop.", "shop..json"]);
        assert_eq!(selection.chosen.len(), 1);
    }

    #[test]
    fn two_topics_of_one_name_are_an_error_that_names_both() {
        for topics in [["orders.json", "orders"], ["orders", "orders.json"]] {
            let error = select(topics.map(|t| (t, false)), &Rules::default()).unwrap_err();
            assert_eq!(error.to_string(), "topics `orders` and `orders.json` would both give table `orders`");
        }
        let error =
            select([("a.b", false), ("a-b", false), ("a_b", false)], &Rules { identifiers: true, ..Rules::default() })
                .unwrap_err();
        assert_eq!((error.table.as_str(), error.others), ("a_b", 1));
        assert!(select([("a.b", false), ("a-b", false), ("a_b", false)], &Rules::default()).is_ok());
    }

    #[test]
    fn a_topic_that_the_pattern_leaves_out_collides_with_nothing() {
        let rules = Rules { pattern: Some(Regex::new("json").unwrap()), ..Rules::default() };
        assert_eq!(
            chosen(&["orders", "x.orders.json.v1", "orders.json"], &rules),
            [
                ("orders.json".to_owned(), "orders".to_owned()),
                ("x.orders.json.v1".to_owned(), "x.orders.json.v1".to_owned())
            ]
        );
    }

    #[test]
    fn names_that_differ_in_case_only_come_with_a_warning() {
        let selection = select([("Orders", false), ("orders", false), ("x", false)], &Rules::default()).unwrap();
        let warned: Vec<_> = selection.chosen.iter().map(|c| c.warnings.len()).collect();
        assert_eq!(warned, [1, 1, 0]);
    }

    #[test]
    fn the_order_of_the_listing_changes_nothing() {
        let mut topics = vec![("b.json", false), ("a.csv", false), ("c", false), ("B", false)];
        let one = select(topics.clone(), &Rules::default()).unwrap();
        topics.reverse();
        assert_eq!(one, select(topics, &Rules::default()).unwrap());
    }
}
