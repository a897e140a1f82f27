//! Consistency of the table as a whole.

use super::*;

#[test]
fn an_id_has_one_row_and_a_provider_serves_it_once() {
    let mut ids: Vec<_> = rows().map(|row| row.id.to_ascii_lowercase()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for row in rows() {
        let mut providers: Vec<_> = row.offers.iter().map(|offer| offer.provider).collect();
        providers.dedup();
        assert_eq!(providers.len(), row.offers.len(), "{}", row.id);
    }
}

#[test]
fn the_editions_of_an_offer_are_in_order() {
    for row in rows() {
        for offer in row.offers {
            let editions = offer.editions.iter().map(|listed| {
                let order = |edition: &Edition| *edition == listed.edition;
                Edition::WITH_ROWS.iter().position(order).unwrap()
            });
            assert!(
                editions.is_sorted_by(|before, after| before < after),
                "{}",
                row.id
            );
            let merged = |listed: &Listed| listed.edition == Edition::Merged;
            assert!(!offer.editions.iter().any(merged), "{}", row.id);
        }
    }
}

#[test]
fn every_row_has_an_offer_or_a_price() {
    for row in rows() {
        let priced = row.china.is_some() || row.global.is_some();
        assert!(priced || !row.offers.is_empty(), "{}", row.id);
    }
}

/// The family of an id's prefix must not contradict its row. Where no prefix matches, only the row
/// counts.
#[test]
fn a_row_belongs_to_the_family_of_its_prefix() {
    let apart: Vec<_> = rows()
        .filter(|row| {
            let told = families::by_prefix(&row.id.to_ascii_lowercase());
            told != families::PLAIN && told != row.family
        })
        .map(|row| row.id)
        .collect();
    // OpenClaw gives these efforts, but not their snapshots.
    assert_eq!(apart, ["qwen3.8-max", "qwen3.8-flash"]);
}

#[test]
fn an_id_is_found_in_any_case() {
    assert_eq!(
        row(" minimax-M2.5 ").map(|row| row.id),
        Some("MiniMax-M2.5")
    );
    assert!(row("").is_none() && row("qwen").is_none());
}
