//! What a task of the delivery carries out: a call or a case, with the rows whose end it tells.

use std::sync::Arc;

use super::courier::{Courier, Ending};
use crate::call::Problem;
use crate::pipeline::{CaseShipment, FurtherRow, Shipment};
use crate::source::Batch;

/// What a task carries out.
pub(super) enum Cargo {
    Call(Box<Shipment>),
    Case(Box<CaseShipment>),
}

/// A row by its place, what is wrong with it, and the further rows for which it speaks.
pub(super) type Row = (usize, Vec<Problem>, Vec<FurtherRow>);

/// A call or a case with the rows whose end it tells.
pub(super) struct Errand {
    pub(super) batch: Arc<Batch>,
    pub(super) rows: Vec<Row>,
    pub(super) cargo: Cargo,
}

impl Errand {
    /// What must not be under way twice: messages of a case go out in order.
    pub(super) fn case(&self) -> Option<u64> {
        match &self.cargo {
            Cargo::Call(_) => None,
            Cargo::Case(shipment) => Some(shipment.case.identity_hash()),
        }
    }
}

/// A call or a case that has come back, with how each of its rows ended.
pub(super) struct Landed {
    pub(super) batch: Arc<Batch>,
    pub(super) rows: Vec<(Row, Ending)>,
    pub(super) case: Option<u64>,
    /// The id of the call or the case.
    pub(super) id: Box<str>,
}

/// Carries out an errand to its end.
pub(super) async fn carry(courier: Arc<Courier>, errand: Errand) -> Landed {
    let case = errand.case();
    let id = match &errand.cargo {
        Cargo::Call(shipment) => shipment.call.identity().into(),
        Cargo::Case(shipment) => shipment.case.uid.as_str().into(),
    };
    let endings = match errand.cargo {
        Cargo::Call(shipment) => vec![courier.deliver(*shipment).await],
        Cargo::Case(shipment) => courier.deliver_case(&shipment).await,
    };
    Landed {
        batch: errand.batch,
        rows: errand.rows.into_iter().zip(endings).collect(),
        case,
        id,
    }
}
