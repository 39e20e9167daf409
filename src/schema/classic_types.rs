//! The columns of a classic DataSQRL schema: what `<table>.schema.yml` says, in memory.

/// A column as DataSQRL's flexible schema has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicColumn {
    /// The name as written: the most frequent original spelling.
    pub name: String,
    /// The scalar type; of no meaning when there are `columns`.
    pub ty: ClassicType,
    /// How many arrays the scalar lies in: 0 is a plain scalar, 2 is `[[INTEGER]]`.
    pub array_depth: u8,
    /// The columns of a nested table; `None` for a scalar.
    pub columns: Option<Vec<ClassicColumn>>,
    /// Whether null and absence are ruled out (`tests: ["not_null"]`).
    pub not_null: bool,
    /// A nested table of at most one row: a plain object, not an array of objects.
    pub single: bool,
}

/// The scalar types of the classic dialect, by the names of before v0.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassicType {
    /// 64 bits, signed; `BIGINT` from v0.3 on.
    Integer,
    /// Binary64; `DOUBLE` from v0.3 on.
    Float,
    /// `true` and `false`.
    Boolean,
    /// An instant; `TIMESTAMP` from v0.3 on.
    Datetime,
    /// Text.
    String,
    /// A UUID; gone from v0.3 on.
    Uuid,
}

impl ClassicType {
    /// The name in a classic `<table>.schema.yml`.
    pub fn name(self) -> &'static str {
        match self {
            ClassicType::Integer => "INTEGER",
            ClassicType::Float => "FLOAT",
            ClassicType::Boolean => "BOOLEAN",
            ClassicType::Datetime => "DATETIME",
            ClassicType::String => "STRING",
            ClassicType::Uuid => "UUID",
        }
    }
}
