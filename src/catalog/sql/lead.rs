//! The comment lines before a definition: `-- topica: key: value`.

/// How each of them starts.
const START: &str = "-- topica: ";

/// What follows `generated`: the mark by which a file is topica's own.
const MARK: &str = "delete this line to keep the definition as your own";

/// What the comment lines before a definition say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lead {
    pub(super) generated: bool,
    pub(super) role: Option<String>,
    /// `in-stream`, `given` or `none`: where the names of delimited columns come from.
    pub(super) header: Option<String>,
    /// What starts a line that is no row, if it is not Flink's `#`.
    pub(super) comment_prefix: Option<String>,
    /// What to do with misfits (`skip`), where the statement's option has another reason.
    pub(super) misfits: Option<String>,
    pub(super) notes: Vec<String>,
}

/// Whether the text of a `.table.sql` carries the mark of what topica generated.
///
/// The mark counts wherever in the comments before the first statement it stands.
pub fn is_generated(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with("--"))
        .any(|line| line.strip_prefix(START.trim_end()).is_some_and(|rest| rest.trim_start().starts_with("generated")))
}

impl Lead {
    pub(super) fn write(&self, out: &mut String) {
        let mut line = |key: &str, value: &str| {
            out.push_str(START);
            out.push_str(key);
            out.push_str(": ");
            out.push_str(value);
            out.push('\n');
        };
        if self.generated {
            line("generated", MARK);
        }
        if let Some(role) = &self.role {
            line("role", role);
        }
        if let Some(header) = &self.header {
            line("header", header);
        }
        if let Some(prefix) = &self.comment_prefix {
            line("comment-prefix", &escaped(prefix));
        }
        if let Some(misfits) = &self.misfits {
            line("misfits", misfits);
        }
        for note in self.notes.iter().map(|note| sanitised(note)).filter(|note| !note.is_empty()) {
            line("note", &note);
        }
    }

    /// Reads the comments that stand before a statement; what is not ours is skipped.
    pub(super) fn read(comments: &str) -> Lead {
        let mut lead = Lead::default();
        for line in comments.lines() {
            let Some((key, value)) =
                line.trim().strip_prefix(START.trim_end()).and_then(|rest| rest.trim_start().split_once(':'))
            else {
                continue;
            };
            let value = value.trim();
            match key {
                "generated" => lead.generated = true,
                "role" => lead.role = Some(value.into()),
                "header" => lead.header = Some(value.into()),
                "comment-prefix" => lead.comment_prefix = serde_json::from_str(value).ok(),
                "misfits" => lead.misfits = Some(value.into()),
                "note" => lead.notes.push(value.into()),
                _ => {}
            }
        }
        lead
    }
}

/// A remark as one line of comment that nothing can break out of.
///
/// Line ends of any kind become spaces. A semicolon becomes a comma: some clients of Flink split a script at each.
pub(super) fn sanitised(remark: &str) -> String {
    let line: String = remark
        .chars()
        .map(|c| match c {
            ';' => ',',
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    line.trim().to_owned()
}

/// A text as a JSON string of ASCII, without semicolons.
fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok(c) if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | ';') => out.push(c),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out.push('"');
    out
}
