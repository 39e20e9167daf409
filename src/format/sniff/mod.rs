//! Which format is a topic in: a vote over its payloads.
