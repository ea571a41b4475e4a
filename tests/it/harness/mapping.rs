//! Mappings of exports that have nothing but ids: what is tested is their recordings.

const ALIKE: &str = r#"
agentId          = { value = "7" }
agentName        = { value = "Ida Opdigtet" }
agentEmail       = { value = "ida@example.com" }
customer         = { value = "+4512345601" }
dateTime         = { value = "2024-03-15T09:12:03+01:00" }
subject          = { value = "sale" }
"#;

/// A mapping whose calls differ by nothing but their id, from the column `id`; `further` follows in it: more
/// fields, then other tables.
pub(crate) fn ids_only(id: &str, further: &str) -> String {
    format!("[fields]\nexternalIdentity = \"{id}\"{ALIKE}{further}")
}
