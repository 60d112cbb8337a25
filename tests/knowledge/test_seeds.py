"""Nothing of the five seed articles is lost: each fact they state, in our words, and where it stands in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

if TYPE_CHECKING:
    from kneecds.core.knowledge import Action, Factor, KnowledgeFiles, RedFlag

CONDITIONS = [
    # seed, condition, what the seed says of it as findings with evidence
    ("000", "patellofemoral_pain", "anterior_knee_pain quadriceps_weakness"),
    ("001", "patellofemoral_pain", "dull_aching_pain diffuse_peripatellar_pain pain_on_stairs theatre_sign"),
    ("003", "patellofemoral_pain", "dull_aching_pain pain_with_running pain_on_squatting pain_on_stairs crepitus"),
    ("004", "patellofemoral_pain", "dull_aching_pain pain_on_squatting pain_on_stairs theatre_sign"),
    ("001", "patellar_tendinopathy", "pain_below_patella jumping_or_kicking_sport pain_with_jump_land_sprint"),
    ("003", "patellar_tendinopathy", "gradual_onset infrapatellar_swelling knee_stiffness jumping_or_kicking_sport"),
    ("004", "patellar_tendinopathy", "sharp_pain pain_below_patella pain_on_eccentric_loading warm_up_phenomenon"),
    ("000", "quadriceps_tendinopathy", "suprapatellar_pain gradual_onset"),
    ("001", "iliotibial_band_syndrome", "lateral_knee_pain running_or_cycling"),
    ("004", "doms", "muscle_ache onset_1_to_3_days_after_training eases_with_gentle_movement"),
    ("000", "knee_osteoarthritis", "gradual_onset age_60_or_more"),
    ("002", "knee_osteoarthritis", "previous_knee_injury"),
    ("000", "rheumatoid_arthritis", "other_joint_swelling"),
    ("000", "psoriatic_arthritis", "current_psoriasis"),
    ("000", "cppd", "red_or_warm_knee"),
    ("002", "gout", "known_gout"),
    ("000", "prepatellar_bursitis", "prepatellar_swelling"),
    ("000", "infrapatellar_bursitis", ""),
    ("000", "suprapatellar_bursitis", ""),
    ("000", "semimembranosus_bursitis", ""),
    ("000", "acl_tear", "knee_injury"),
    ("002", "acl_tear", "effusion_within_2h difficulty_bearing_weight"),
    ("000", "pcl_tear", ""),
    ("000", "mcl_injury", ""),
    ("000", "lcl_injury", ""),
    ("002", "meniscal_tear", "knee_injury"),
    ("000", "loose_body", "loose_body_sensation"),
    ("000", "muscle_imbalance_valgus", "quadriceps_imbalance"),
    ("002", "old_injury_sequelae", "previous_knee_injury"),
    ("000", "septic_arthritis", "hot_swollen_joint"),
]

FACTS = [
    # seed, id of the rule, factor or advice, words or finding ids that must stand in it
    # --- when to seek help
    ("000", "rf_chronic_3_months", "symptom_duration_days > 84"),
    ("000", "refer_persistent_3_months", "3 months"),
    ("000", "untreated_persistent_pain", "3 months"),
    ("000", "rf_worsening", "progressive_pain"),
    ("002", "rf_worsening", "persists_despite_treatment"),
    ("003", "rf_worsening", "progressive_pain"),
    ("000", "rf_reduced_rom_chronic", "reduced_rom"),
    ("003", "rf_reduced_rom_chronic", "reduced_rom"),
    ("000", "refer_limited_rom", "range"),
    ("000", "rf_locked_knee", "locked_knee"),
    ("001", "rf_locked_knee", "locked_knee"),
    ("000", "rf_swelling_persistent", "knee_swelling"),
    ("001", "rf_swelling_persistent", "knee_swelling"),
    ("004", "rf_swelling_persistent", "knee_swelling"),
    ("000", "rf_redness_warmth_no_systemic", "warmth erythema"),
    ("001", "rf_redness_warmth_no_systemic", "warmth erythema"),
    ("004", "rf_redness_warmth_no_systemic", "warmth erythema"),
    ("000", "rf_hot_swollen_joint", "warmth erythema"),
    ("001", "rf_hot_swollen_joint", "warmth erythema"),
    ("004", "rf_hot_swollen_joint", "warmth erythema"),
    ("000", "workout_triggered_pseudogout", "redness crystal"),
    ("000", "rf_systemic_arthritis", "current_psoriasis"),
    ("000", "rf_history_of_knee_trauma", "knee_injury"),
    ("000", "rf_nsaid_caution", "nsaid_planned"),
    ("001", "rf_unable_to_bear_weight", "unable_to_bear_weight"),
    ("002", "rf_unable_to_bear_weight", "unable_to_bear_weight"),
    ("004", "rf_unable_to_bear_weight", "unable_to_bear_weight"),
    ("001", "rf_giving_way", "giving_way"),
    ("004", "rf_giving_way", "giving_way"),
    ("001", "rf_severe_unstable", "severe_instability"),
    ("001", "rf_pain_over_48h", "pain_over_48h_not_improving"),
    ("004", "rf_pain_over_48h", "pain_over_48h_not_improving"),
    ("001", "refer_48h_rule", "48 h"),
    ("004", "refer_48h_rule", "48 h"),
    ("001", "rf_night_pain", "night_pain"),
    ("001", "rf_daily_function", "daily_activity_limited"),
    ("002", "rf_effusion_within_2h", "effusion_within_2h"),
    ("002", "rf_sharp_pain_light_activity", "sharp_pain"),
    ("004", "rf_sharp_pain_light_activity", "sharp_pain pain_on_weight_bearing reduced_rom"),
    ("002", "rf_clicking_locking_intermittent", "clicking intermittent_locking"),
    ("002", "rf_previous_injury", "previous_knee_injury"),
    ("002", "rf_minor_strain", "mild_pain"),
    ("004", "rf_doms", "muscle_ache"),
    ("002", "check_medical_professional_first", "safest first step"),
    # --- training errors and other contributing factors
    ("001", "too_much_too_soon", "intensity volume"),
    ("002", "too_much_too_soon", "volume"),
    ("004", "too_much_too_soon", "frequency intensity duration"),
    ("001", "weekly_increase_gt_10pct", "10% weekly volume intensity mileage"),
    ("001", "ten_percent_rule", "10%"),
    ("003", "abrupt_activity_jump", "30-minute 1-hour 5-10 minutes 3-4 times"),
    ("003", "progress_5_10_min_week", "5-10 min"),
    ("001", "new_to_exercise", "new to exercise"),
    ("002", "overtraining", "overtraining"),
    ("003", "insufficient_recovery", "48 h swimming yoga pilates"),
    ("003", "rest_days_48h", "48 h swimming yoga pilates"),
    ("004", "high_volume_high_load_lifting", "high-volume high-load"),
    ("003", "repetitive_strain_sport", "running cycling lunging squatting jumping"),
    ("001", "explosive_jumping_direction_change", "jumping direction"),
    ("004", "heavy_eccentric_loading", "eccentric lowering"),
    ("000", "tendon_underload", "under-use"),
    ("000", "impact_loading", "jogging sprinting plyometrics"),
    ("002", "pushing_through_pain", "pain"),
    ("002", "long_sport_exposure", "years in a sport"),
    ("003", "unexpected_impact", "unexpected impact"),
    ("000", "dynamic_knee_valgus", "inward"),
    ("001", "dynamic_knee_valgus", "squat"),
    ("004", "dynamic_knee_valgus", "squat lunge leg press hip abductors"),
    ("003", "excessive_forward_knee_travel", "toes"),
    ("004", "excessive_forward_knee_travel", "toes squat lunge"),
    ("004", "quad_dominant_pattern", "quadriceps-dominant"),
    ("000", "poor_exercise_technique", "control"),
    ("000", "excessive_range_of_motion", "comfortable range"),
    ("003", "heel_strike_hard_landing", "heel"),
    ("003", "running_posture_trunk", "spine shoulders core"),
    ("000", "movement_compensation", "compensating"),
    ("000", "limited_positional_awareness", "sleeve"),
    ("001", "worn_out_shoes", "worn-out"),
    ("002", "worn_out_shoes", "6 months"),
    ("003", "unsupportive_or_wrong_shoes", "toe box arch support"),
    ("001", "hard_training_surface", "hard surface"),
    ("002", "hard_training_surface", "hard surface"),
    ("002", "uneven_or_cambered_surface", "uneven"),
    ("002", "repetitive_work_movement", "work"),
    ("002", "skipped_warmup", "warm-up"),
    ("004", "skipped_warmup", "warm-up"),
    ("001", "static_stretch_instead_of_warmup", "static dynamic cool-down"),
    ("002", "skipped_cooldown", "cool-down"),
    ("001", "quadriceps_weakness", "quadriceps"),
    ("001", "hamstring_weakness", "hamstring"),
    ("003", "calf_weakness", "calves"),
    ("001", "hip_glute_weakness", "glutes"),
    ("004", "hip_glute_weakness", "gluteus medius"),
    ("000", "vmo_weakness", "vastus medialis obliquus"),
    ("000", "vastus_lateralis_tightness", "vastus lateralis"),
    ("000", "quadriceps_imbalance", "quadriceps"),
    ("001", "patellar_maltracking", "tracking"),
    ("003", "tight_quadriceps", "quadriceps"),
    ("003", "tight_hamstrings", "hamstrings"),
    ("003", "tight_calves", "calves"),
    ("003", "tight_itb", "iliotibial"),
    ("003", "favouring_one_side", "one side"),
    ("002", "hip_back_foot_imbalance", "hip back foot"),
    ("000", "previous_knee_injury", "years ago"),
    ("002", "previous_knee_injury", "years ago"),
    ("000", "age_and_degeneration", "ageing"),
    ("002", "age_and_degeneration", "ageing"),
    ("002", "systemic_arthritis_present", "gout"),
    ("003", "incomplete_rehab_recurrence", "contributing factors"),
    ("004", "complete_rest_immobilisation", "relative rest"),
    # --- the first days
    ("000", "police", "protect optimal load ice compress elevate rice"),
    ("001", "rice", "rest ice compression elevation"),
    ("003", "rice", "rest ice compression elevation"),
    ("004", "ice_15_20", "15-20 min several times a day"),
    ("002", "ice_15_20", "ice"),
    ("004", "relative_rest", "immobilise pain-free movement"),
    ("002", "stop_provoking_activity", "stop"),
    ("004", "doms_reassure", "24-72 h"),
    ("000", "otc_nsaid_short", "if appropriate"),
    ("001", "otc_nsaid_short", "nsaid"),
    ("004", "otc_nsaid_short", "does not fix the mechanical cause"),
    # --- the ten exercises of seed 002, and those of the others
    ("002", "seated_knee_extension", "hold 3-5 s"),
    ("002", "heel_slides", "pause"),
    ("002", "quad_set", "hold 3-5 s"),
    ("002", "short_arc_quad", "roll"),
    ("002", "terminal_knee_extension", "band hold"),
    ("002", "straight_leg_raise", "a foot"),
    ("002", "mini_squat", "knees over toes"),
    ("002", "wall_sit", "hold 10-30 s"),
    ("002", "isometric_lunge_hold", "hold 10-20 s"),
    ("002", "stationary_bike", "5-10 min low resistance slight bend"),
    ("002", "exercise_pain_rule", "slowly pain-free range"),
    ("000", "step_ups_peterson_poloquin_patrick", "peterson poloquin patrick"),
    ("003", "squats_lunges_legpress_bridges", "squats lunges leg press bridges"),
    ("001", "hip_abductor_glute_strength", "gluteal"),
    ("003", "hip_abductor_glute_strength", "hip abductor"),
    ("003", "quads_hamstring_calf_strength", "quadriceps hamstring calf"),
    ("003", "proprioceptive_training", "balance"),
    ("003", "stretch_quads_hams_calves_itb", "quads hamstrings calves it band"),
    # --- load, shoes, devices, technique
    ("000", "warmup_5min", ">=5 min light sweat dynamic warm-up sets"),
    ("001", "dynamic_not_static_pre", "leg swings high knees cool-down"),
    ("002", "cooldown_stretch", "light stretching"),
    ("000", "low_impact_swap", "cycling swimming elliptical"),
    ("002", "low_impact_swap", "cycling swimming"),
    ("000", "limit_plyometrics", "upper-body plyometrics"),
    ("002", "avoid_hard_surfaces", "hard surfaces"),
    ("002", "replace_shoes_6_months", "6 months mileage"),
    ("003", "supportive_footwear", "activity-specific"),
    ("000", "knee_sleeve", "warmth proprioception"),
    ("002", "patellar_taping", "taping"),
    ("003", "orthotics_or_knee_brace", "orthotics knee brace"),
    ("000", "technique_review", "inward"),
    ("004", "technique_review", "knees over toes"),
    ("003", "fitness_professional_technique", "qualified fitness professional"),
    ("003", "gait_retraining", "gait landing"),
    ("003", "progressive_return_plan", "return-to-activity"),
    ("000", "bursitis_activity_modification", "activity"),
    # --- professional care
    ("000", "physio_referral", "physiotherapy"),
    ("003", "physio_referral", "gait analysis education"),
    ("003", "education_diagnosis_active", "explain"),
    ("003", "manual_therapy_adjunct", "massage mobilisation"),
    ("003", "dry_needling_not_alone", "dry needling"),
    ("000", "cs_injection", "corticosteroid not a cure window"),
    ("003", "cs_tendon_caution", "corticosteroid late option"),
    ("000", "ha_injection", "hyaluronic acid >1 injection"),
    ("000", "prp_injection", "prp"),
    ("000", "surgery_last_resort", "conservative"),
    ("003", "surgery_last_resort", "conservative"),
    ("000", "systemic_arthritis_medical_treatment", "rheumatologist family doctor"),
    ("003", "pfp_prognosis", "return to prior level"),
]


def with_seeds(knowledge: KnowledgeFiles) -> list[RedFlag | Factor | Action]:
    return [*knowledge.red_flags, *knowledge.factors, *knowledge.actions]


@pytest.mark.parametrize(("seed", "condition_id", "findings"), CONDITIONS)
def test_conditions(knowledge: KnowledgeFiles, seed: str, condition_id: str, findings: str) -> None:
    condition = next((one for one in knowledge.conditions if one.id == condition_id), None)
    assert condition is not None, f"named by seed {seed}"
    for_it = {row.finding for row in condition.evidence if not (row.weight or "").endswith("against")}
    assert set(findings.split()) <= for_it


@pytest.mark.parametrize(("seed", "identity", "words"), FACTS)
def test_facts(knowledge: KnowledgeFiles, seed: str, identity: str, words: str) -> None:
    entry = next((one for one in with_seeds(knowledge) if one.id == identity), None)
    assert entry is not None, f"stated by seed {seed}"
    assert seed in entry.seeds
    told = " ".join(value for value in msgspec.structs.asdict(entry).values() if isinstance(value, str)).lower()
    assert words in told or all(word in told for word in words.split()), told


def test_each_table_row_is_there_once() -> None:
    assert len({row[:2] for row in FACTS}) == len(FACTS)
    assert len({row[:2] for row in CONDITIONS}) == len(CONDITIONS)


def test_every_entry_taken_from_an_article_is_in_the_table(knowledge: KnowledgeFiles) -> None:
    listed = {identity for _, identity, _ in FACTS}
    taken = {one.id for one in with_seeds(knowledge) if one.seeds}
    assert taken - listed == ALSO_FROM_SEEDS


ALSO_FROM_SEEDS = {
    "compression", "elevation", "foot_orthoses_prefab", "gait_inefficiency", "hip_and_knee_strengthening",
    "limited_knee_rom", "load_education_running", "nsaid_contraindications", "overstriding_low_cadence",
    "poor_limb_alignment", "refer_night_pain", "refer_rheumatology_synovitis", "refer_swelling_redness",
    "rf_fever_with_knee", "rf_ottawa_positive", "rf_pop_pivot",
}  # fmt: skip
"""Entries that an article supports in part; another entry carries the same fact."""
