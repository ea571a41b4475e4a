//! How far a call is. Only this file says which calls are done and which the server has, in Rust and in SQL.

use super::progress::{CreateProgress, UploadProgress};
use super::status::DoneKind;

/// SQL: nothing is left to do for the call; [`Checkpoint::done`] is something.
pub(in crate::ledger) const DONE_SQL: &str =
    "(create_state = 3 OR create_state > 3 AND upload_state BETWEEN 3 AND 5)";

/// SQL: the server has the call as it is to be; done, and not somebody else's that was left alone.
pub(in crate::ledger) const AT_SERVER_SQL: &str =
    "(create_state > 3 AND upload_state BETWEEN 3 AND 5)";

/// SQL: never tried, or refused; and no earlier try may have got through, which a refused call says by a
/// content that is not known.
pub(in crate::ledger) const UNSENT_SQL: &str =
    "(create_state = 0 OR create_state = 2 AND fingerprint <> zeroblob(16))";

/// SQL: this ledger made the conversation.
pub(in crate::ledger) const CREATED_SQL: &str = "(create_state = 5)";

/// SQL: the recording arrived, or may have.
pub(in crate::ledger) const RECORDING_SENT_SQL: &str = "(upload_state IN (1, 4))";

/// How far a call is, without what was learned on the way. The default is a call that was never tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    create: CreateProgress,
    upload: UploadProgress,
    may_be_there: bool,
}

impl Checkpoint {
    /// `may_be_there`: an earlier create request of ours may have got through without being heard of.
    pub(super) const fn new(
        create: CreateProgress,
        upload: UploadProgress,
        may_be_there: bool,
    ) -> Self {
        Checkpoint {
            create,
            upload,
            may_be_there,
        }
    }

    /// What the columns `create_state` and `upload_state` say; `None` for a number that no version has
    /// written. Whether an earlier try of a refused call may have got through is in neither, so this is
    /// for counting and not for planning.
    pub(in crate::ledger) fn of_columns(create: u8, upload: u8) -> Option<Self> {
        let create = CreateProgress::of_column(create)?;
        let upload = UploadProgress::of_column(upload)?;
        let may_be_there = create == CreateProgress::Intended;
        Some(Checkpoint::new(create, upload, may_be_there))
    }

    /// A call that is done in this way. Who made the conversation is not known.
    pub const fn of_done(kind: DoneKind) -> Self {
        let (create, upload) = match kind {
            DoneKind::Complete => (CreateProgress::Created, UploadProgress::Done),
            DoneKind::WithoutRecording => (CreateProgress::Created, UploadProgress::NotSought),
            DoneKind::Waived => (CreateProgress::Created, UploadProgress::Waived),
            DoneKind::LeftAlone => (CreateProgress::LeftAlone, UploadProgress::Never),
        };
        Checkpoint::new(create, upload, false)
    }

    /// In which way the call is done; `None` while something is left to do.
    pub const fn done(self) -> Option<DoneKind> {
        match (self.create, self.upload) {
            (CreateProgress::LeftAlone, _) => Some(DoneKind::LeftAlone),
            (CreateProgress::Adopted | CreateProgress::Created, upload) => match upload {
                UploadProgress::Done => Some(DoneKind::Complete),
                UploadProgress::NotSought => Some(DoneKind::WithoutRecording),
                UploadProgress::Waived => Some(DoneKind::Waived),
                _ => None,
            },
            _ => None,
        }
    }

    /// How far the conversation is.
    pub const fn create(self) -> CreateProgress {
        self.create
    }

    /// How far the recording is.
    pub const fn upload(self) -> UploadProgress {
        self.upload
    }

    /// Whether an earlier create request may have got through without being heard of, so that a 409 means
    /// that it did.
    pub const fn may_be_there(self) -> bool {
        self.may_be_there
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const KINDS: [DoneKind; 4] = [
        DoneKind::Complete,
        DoneKind::WithoutRecording,
        DoneKind::LeftAlone,
        DoneKind::Waived,
    ];

    /// Whether SQLite takes a row with these numbers.
    fn takes(connection: &Connection, condition: &str, create: u8, upload: u8) -> bool {
        let sql = format!(
            "SELECT {condition} FROM (SELECT ?1 AS create_state, ?2 AS upload_state, x'07' AS fingerprint)"
        );
        connection
            .query_row(&sql, (create, upload), |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn the_conditions_of_sql_say_what_a_checkpoint_says() {
        let connection = Connection::open_in_memory().unwrap();
        for create in CreateProgress::ALL {
            for upload in UploadProgress::ALL {
                let (one, other) = (create as u8, upload as u8);
                let says = |condition| takes(&connection, condition, one, other);
                let checkpoint = Checkpoint::of_columns(one, other).unwrap();
                assert_eq!((checkpoint.create(), checkpoint.upload()), (create, upload));
                let done = checkpoint.done();
                assert_eq!(says(DONE_SQL), done.is_some(), "{checkpoint:?}");
                let is_at_server = done.is_some_and(|kind| kind != DoneKind::LeftAlone);
                assert_eq!(says(AT_SERVER_SQL), is_at_server, "{checkpoint:?}");
                let is_unsent = matches!(create, CreateProgress::Never | CreateProgress::Refused);
                assert_eq!(says(UNSENT_SQL), is_unsent, "{checkpoint:?}");
                let is_created = create == CreateProgress::Created;
                assert_eq!(says(CREATED_SQL), is_created, "{checkpoint:?}");
                let is_sent = matches!(upload, UploadProgress::Intended | UploadProgress::Done);
                assert_eq!(says(RECORDING_SENT_SQL), is_sent, "{checkpoint:?}");
            }
        }
        assert_eq!(Checkpoint::of_columns(6, 0), None);
        assert_eq!(Checkpoint::of_columns(0, 7), None);
    }

    #[test]
    fn a_call_is_done_in_the_way_it_was_kept() {
        for kind in KINDS {
            assert_eq!(Checkpoint::of_done(kind).done(), Some(kind));
            assert!(!Checkpoint::of_done(kind).may_be_there());
        }
        assert_eq!(Checkpoint::default().done(), None);
        let intended = Checkpoint::of_columns(CreateProgress::Intended as u8, 0);
        assert!(intended.is_some_and(Checkpoint::may_be_there));
    }
}
