//! What an edit means, so that its result can be compared.

use serde_json::{Map, Value};

use crate::path::Segment;

/// What an edit does, for the comparison afterwards.
pub(super) enum Intent<'a> {
    Set(&'a [Segment], Value),
    Insert(&'a [Segment], usize, Value),
    Unset(&'a [Segment]),
    Rename(&'a [Segment], &'a str),
}

/// Makes the same change to a value.
pub(super) fn apply(value: &mut Value, intent: &Intent<'_>) -> Option<()> {
    match intent {
        Intent::Set(path, new) => {
            let mut place = value;
            for segment in *path {
                place = match segment {
                    Segment::Name(name) => {
                        if place.is_null() {
                            *place = Value::Object(Map::new());
                        }
                        place.as_object_mut()?.entry(name).or_insert(Value::Null)
                    }
                    Segment::Index(index) => place.get_mut(index)?,
                };
            }
            *place = new.clone();
        }
        Intent::Insert(path, index, new) => {
            let array = reach(value, path)?.as_array_mut()?;
            array.insert((*index).min(array.len()), new.clone());
        }
        Intent::Unset(path) => {
            let (last, above) = path.split_last()?;
            match (reach(value, above)?, last) {
                (Value::Object(object), Segment::Name(name)) => {
                    object.remove(name)?;
                }
                (Value::Array(array), Segment::Index(index)) if *index < array.len() => {
                    array.remove(*index);
                }
                _ => return None,
            }
        }
        Intent::Rename(path, new) => {
            let (Segment::Name(old), above) = path.split_last()? else {
                return None;
            };
            let object = reach(value, above)?.as_object_mut()?;
            let member = object.remove(old)?;
            object.insert((*new).to_owned(), member);
        }
    }
    Some(())
}

fn reach<'a>(value: &'a mut Value, path: &[Segment]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Name(name) => value.get_mut(name),
        Segment::Index(index) => value.get_mut(index),
    })
}
