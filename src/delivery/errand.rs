//! What a task of the delivery carries out: a call or a case, with the rows whose end it tells.

use std::sync::Arc;

use super::courier::{Carried, Courier, Ending};
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

impl Errand {
    /// The id of the call or the case.
    pub(super) fn id(&self) -> Box<str> {
        match &self.cargo {
            Cargo::Call(shipment) => shipment.call.identity().into(),
            Cargo::Case(shipment) => shipment.case.uid.as_str().into(),
        }
    }
}

/// A call or a case that has come back.
pub(super) enum Landed {
    /// With how each of its rows ended.
    Ended {
        batch: Arc<Batch>,
        rows: Vec<(Row, Ending)>,
        case: Option<u64>,
        /// The id of the call or the case.
        id: Box<str>,
    },
    /// With nothing done: the destination has it already, and the new ledger may be the wrong one.
    Strange(Errand),
}

/// Carries out an errand to its end.
pub(super) async fn carry(courier: Arc<Courier>, errand: Errand) -> Landed {
    let carried = match &errand.cargo {
        Cargo::Call(shipment) => match courier.deliver(shipment).await {
            Carried::Ended(ending) => Carried::Ended(vec![ending]),
            Carried::Strange => Carried::Strange,
        },
        Cargo::Case(shipment) => courier.deliver_case(shipment).await,
    };
    match carried {
        Carried::Ended(endings) => Landed::Ended {
            case: errand.case(),
            id: errand.id(),
            batch: errand.batch,
            rows: errand.rows.into_iter().zip(endings).collect(),
        },
        Carried::Strange => Landed::Strange(errand),
    }
}
