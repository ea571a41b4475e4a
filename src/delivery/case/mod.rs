//! How one case is delivered: `find`, `replace`, `add_message` and `change` are its requests, `deliver` puts
//! them in order.

mod add_message;
mod change;
pub(super) mod deliver;
mod facts;
mod find;
mod progress;
mod replace;
