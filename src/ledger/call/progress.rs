//! How far the two requests of a call are. The numbers are those of the columns.

/// How far the conversation is: the column `create_state`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CreateProgress {
    /// Never tried.
    #[default]
    Never = 0,
    /// Tried, and not known with what result.
    Intended = 1,
    /// Refused.
    Refused = 2,
    /// Somebody else's, and left alone.
    LeftAlone = 3,
    /// Somebody else's, and taken over.
    Adopted = 4,
    /// Made by us.
    Created = 5,
}

impl CreateProgress {
    /// All of them, each at its number.
    pub(super) const ALL: [CreateProgress; 6] = [
        CreateProgress::Never,
        CreateProgress::Intended,
        CreateProgress::Refused,
        CreateProgress::LeftAlone,
        CreateProgress::Adopted,
        CreateProgress::Created,
    ];

    /// What the number of a column means; `None` for one that no version has written.
    pub(in crate::ledger) fn of_column(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// How far the recording is: the column `upload_state`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum UploadProgress {
    /// Never tried.
    #[default]
    Never = 0,
    /// Tried, and not known with what result.
    Intended = 1,
    /// Refused.
    Refused = 2,
    /// Not wanted, and nobody has looked for it.
    NotSought = 3,
    /// It arrived.
    Done = 4,
    /// Looked for and not found, and the operator said to do without it.
    Waived = 5,
    /// The call was complete without it, and a later run looks for it.
    Owed = 6,
}

impl UploadProgress {
    /// All of them, each at its number.
    pub(super) const ALL: [UploadProgress; 7] = [
        UploadProgress::Never,
        UploadProgress::Intended,
        UploadProgress::Refused,
        UploadProgress::NotSought,
        UploadProgress::Done,
        UploadProgress::Waived,
        UploadProgress::Owed,
    ];

    /// What the number of a column means; `None` for one that no version has written.
    pub(in crate::ledger) fn of_column(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_comes_back_as_what_it_was() {
        for (number, create) in (0..).zip(CreateProgress::ALL) {
            assert_eq!(create as u8, number);
            assert_eq!(CreateProgress::of_column(number), Some(create));
        }
        for (number, upload) in (0..).zip(UploadProgress::ALL) {
            assert_eq!(upload as u8, number);
            assert_eq!(UploadProgress::of_column(number), Some(upload));
        }
        assert_eq!(CreateProgress::of_column(6), None);
        assert_eq!(UploadProgress::of_column(7), None);
    }
}
