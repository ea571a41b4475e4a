//! What the read API says of one field.

use jiff::Timestamp;

use crate::domain::call::{Field, Value, ValueKind};

/// What the read API says of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum ToldValue {
    /// Nothing that can be read.
    Untold,
    /// That it is empty.
    Empty,
    /// This value.
    Value(Value<'static>),
}

impl ToldValue {
    /// The value of a field as JSON; of another type than the field has, it tells nothing.
    pub(super) fn of(field: Field, told: &serde_json::Value) -> ToldValue {
        use serde_json::Value as Json;
        let value = match (field.kind(), told) {
            (_, Json::Null) => return ToldValue::Empty,
            (ValueKind::Text, Json::String(text)) if text.is_empty() => return ToldValue::Empty,
            (ValueKind::Text, Json::String(text)) => Value::Text(text.clone().into()),
            (ValueKind::Time, Json::String(text)) => match text.parse::<Timestamp>() {
                Ok(at) => Value::Time(text.clone().into(), at),
                Err(_) => return ToldValue::Untold,
            },
            (ValueKind::Number, Json::Number(number)) => Value::Number(number.to_string().into()),
            (ValueKind::Bool, Json::Bool(value)) => Value::Bool(*value),
            (ValueKind::Labels, Json::Array(labels)) => {
                let texts = labels
                    .iter()
                    .map(|label| Some(label.as_str()?.to_owned().into()));
                match texts.collect::<Option<Vec<_>>>() {
                    Some(labels) if labels.is_empty() => return ToldValue::Empty,
                    Some(labels) => Value::Labels(labels),
                    None => return ToldValue::Untold,
                }
            }
            _ => return ToldValue::Untold,
        };
        ToldValue::Value(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_read_by_the_kind_of_its_field() {
        let told = |field, json: &serde_json::Value| ToldValue::of(field, json);
        let is_value = |field, json| matches!(told(field, &json), ToldValue::Value(_));
        assert!(is_value(Field::Subject, json!("Faktura")));
        assert!(is_value(Field::Labels, json!(["a", "b"])));
        assert!(is_value(Field::CustomNumberProp1, json!(1.5)));
        assert!(is_value(Field::HasConsent, json!(false)));
        assert!(is_value(
            Field::DateTime,
            json!("2024-03-15T09:12:03+01:00")
        ));
        for (field, empty) in [
            (Field::Subject, json!(null)),
            (Field::Subject, json!("")),
            (Field::Labels, json!([])),
            (Field::CustomProp1, json!(null)),
        ] {
            assert_eq!(told(field, &empty), ToldValue::Empty, "{empty}");
        }
        for (field, odd) in [
            (Field::Subject, json!(17)),
            (Field::Labels, json!(["a", 1])),
            (Field::HasConsent, json!("true")),
            (Field::DateTime, json!("yesterday")),
        ] {
            assert_eq!(told(field, &odd), ToldValue::Untold, "{odd}");
        }
    }
}
