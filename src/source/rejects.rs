//! stub
/// stub
#[derive(Debug)]
pub struct Rejects;
