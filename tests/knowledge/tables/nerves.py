"""Nerves, the spine, and pain that outlasts its cause."""

from __future__ import annotations

from known import NO, UNKNOWN, YES, Case, knee, met, not_met, table, undecided, unless

CASES: tuple[Case, ...] = (
    *table(
        "rf_cauda_equina",
        knee(saddle_numbness=YES),
        met("numb where a saddle touches"),
        met("cannot pass urine", saddle_numbness=NO, bladder_or_bowel_dysfunction=YES),
        met("new sexual dysfunction", saddle_numbness=NO, new_sexual_dysfunction=YES),
        met("leg growing weaker", saddle_numbness=NO, progressive_leg_weakness=YES),
        met("both legs hurt, one is weak", saddle_numbness=NO, bilateral_leg_pain=YES, leg_weakness=YES),
        undecided("both legs hurt, strength not tested", saddle_numbness=NO, bilateral_leg_pain=YES),
        undecided("weak leg, nothing else asked", saddle_numbness=NO, leg_weakness=YES),
        not_met(
            "one leg hurts, bladder and bowel normal",
            saddle_numbness=NO,
            bladder_or_bowel_dysfunction=NO,
            new_sexual_dysfunction=NO,
            bilateral_leg_pain=NO,
            progressive_leg_weakness=NO,
        ),
        undecided("not asked about", saddle_numbness=UNKNOWN),
    ),
    *table(
        "rf_crps",
        knee(
            budapest_criteria_met=NO,
            knee_injury=YES,
            pain_out_of_proportion=YES,
            symptom_duration_days=28,
            allodynia_or_hyperalgesia=YES,
            limb_colour_or_temperature_asymmetry=YES,
        ),
        met("four weeks after an injury, pain out of proportion, touch hurts, other colour"),
        met("after an operation on the knee", knee_injury=NO, previous_knee_surgery=YES),
        met("after plaster", knee_injury=NO, leg_paralysis_or_plaster=YES),
        met("after weeks in bed", knee_injury=NO, recent_immobilisation=YES),
        met("injured long ago", knee_injury=NO, previous_knee_injury=YES),
        undecided("what came before not asked about", knee_injury=UNKNOWN),
        met("severe pain", pain_out_of_proportion=NO, severe_pain=YES),
        not_met("little pain", pain_out_of_proportion=NO, severe_pain=NO),
        undecided("pain not graded", pain_out_of_proportion=UNKNOWN),
        not_met("27 days", symptom_duration_days=27),
        undecided("duration not known", symptom_duration_days=UNKNOWN),
        undecided("only touch hurts, the rest not looked at", limb_colour_or_temperature_asymmetry=UNKNOWN),
        undecided("only the colour differs, the rest not looked at", allodynia_or_hyperalgesia=UNKNOWN),
        met("touch hurts, swollen", limb_colour_or_temperature_asymmetry=NO, oedema_or_sweating_change=YES),
        met("touch hurts, moves badly", limb_colour_or_temperature_asymmetry=NO, motor_or_trophic_change=YES),
        not_met(
            "only touch hurts",
            limb_colour_or_temperature_asymmetry=NO,
            oedema_or_sweating_change=NO,
            motor_or_trophic_change=NO,
        ),
        met(
            "specialist found the Budapest criteria met",
            budapest_criteria_met=YES,
            knee_injury=UNKNOWN,
            pain_out_of_proportion=UNKNOWN,
        ),
    ),
    *table(
        "rf_foot_drop",
        knee(foot_drop=YES, knee_injury=NO),
        met("foot drops, no injury"),
        not_met("foot strong", foot_drop=NO),
        undecided("foot not tested", foot_drop=UNKNOWN),
        not_met("since an injury: an emergency of its own", knee_injury=YES),
        unless("injury not asked about", knee_injury=UNKNOWN),
    ),
    *table(
        "rf_neurovascular_deficit",
        knee(knee_injury=YES, foot_drop=YES),
        met("foot drops since the injury"),
        met("numbness spreads since the injury", foot_drop=NO, spreading_numbness=YES),
        met("foot pulses weak since the injury", foot_drop=NO, abnormal_pedal_pulses=YES),
        not_met(
            "foot strong, feeling and pulses normal", foot_drop=NO, spreading_numbness=NO, abnormal_pedal_pulses=NO
        ),
        undecided("injured, foot not tested", foot_drop=UNKNOWN),
        not_met("foot drops, no injury", knee_injury=NO),
        undecided("foot drops, injury not asked about", knee_injury=UNKNOWN),
    ),
    *table(
        "rf_radiculopathy",
        knee(radicular_leg_pain=YES, saddle_numbness=NO, bladder_or_bowel_dysfunction=NO),
        met("pain down the leg from the back, bladder and saddle normal"),
        not_met("no leg pain from the back", radicular_leg_pain=NO),
        undecided("leg pain not asked about", radicular_leg_pain=UNKNOWN),
        not_met("numb saddle: more than a root", saddle_numbness=YES),
        not_met("bladder disturbed: more than a root", bladder_or_bowel_dysfunction=YES),
        undecided("bladder not asked about", bladder_or_bowel_dysfunction=UNKNOWN),
    ),
)
