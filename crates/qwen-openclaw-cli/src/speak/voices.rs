//! `speak --voices`.

use qwen_openclaw::catalog::synthesis::{self, SynthesisModel};
use serde_json::json;

use crate::{failure::Failure, output::Out};

/// Lists the models that are in the catalog, or one of them.
pub(super) fn run(model: Option<&str>, is_json: bool) -> Result<(), Failure> {
    let id = model.map(|model| model.rsplit('/').next().unwrap_or(model));
    let models: Vec<&SynthesisModel> = match id {
        None => synthesis::models().iter().collect(),
        Some(id) => {
            let found = synthesis::find(id);
            let unknown = || Failure::invalid_request(format!("{id} is not in the catalog"));
            vec![found.ok_or_else(unknown)?]
        }
    };
    if is_json {
        let models: Vec<_> = models
            .iter()
            .map(|model| {
                json!({
                    "model": model.id(),
                    "voices": model.voices(),
                    "formats": model.formats(),
                    "sample_rates": model.sample_rates(),
                })
            })
            .collect();
        return Out::new().document(&json!({ "models": models }));
    }
    let widest = models.iter().map(|model| model.id().len()).max();
    let width = widest.unwrap_or_default();
    let mut out = Out::new();
    for model in models {
        let voices = match model.voices() {
            [] => "none is known: pass one with --voice".to_owned(),
            voices => voices.join(", "),
        };
        out.line(&format!("{:width$}  {voices}", model.id()))?;
    }
    out.line("\nThe service has more voices than these; cloned ones are used by their names.")
}
