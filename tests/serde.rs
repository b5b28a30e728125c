//! Settings and states as another program's data: each comes back as it was.
#![cfg(feature = "serde")]

use core::fmt::Debug;

use nalgebra::vector;
use poisson_midpoint::diffusion::{
    Ddim, Ddpm, DpmSolver, DpmSolverPlusPlus, ErSdeSolver, HybridMultistep, MidpointDensity,
    Prediction, SaSolver, Spacing, Variant,
};
use poisson_midpoint::statistics::Moments;
use poisson_midpoint::target::DoubleWell;
use poisson_midpoint::tuning::Tuned;
use poisson_midpoint::{MidpointLaw, Phase};
use serde::{Serialize, de::DeserializeOwned};

#[track_caller]
fn returns<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, text: &str) {
    let written = serde_json::to_string(&value).unwrap();
    assert_eq!(written, text);
    assert_eq!(serde_json::from_str::<T>(&written).unwrap(), value);
}

#[test]
fn settings_return() {
    returns(MidpointLaw::Single, r#""Single""#);
    returns(Prediction::Velocity, r#""Velocity""#);
    returns(Spacing::Uniform, r#""Uniform""#);
    returns(
        MidpointDensity::DriftTimesDistance,
        r#""DriftTimesDistance""#,
    );
    let variant = Variant::Exponential { correction: 2.0 };
    returns(
        Ddpm { variant },
        r#"{"variant":{"Exponential":{"correction":2.0}}}"#,
    );
    returns(Ddim { eta: 0.5 }, r#"{"eta":0.5}"#);
    returns(DpmSolver { order: 3 }, r#"{"order":3}"#);
    returns(ErSdeSolver { order: 3 }, r#"{"order":3}"#);
    let eta = 0.25;
    returns(
        DpmSolverPlusPlus { order: 2, eta },
        r#"{"order":2,"eta":0.25}"#,
    );
    let hybrid = HybridMultistep {
        order: 2,
        eta,
        node: 0.5,
    };
    returns(hybrid, r#"{"order":2,"eta":0.25,"node":0.5}"#);
    let solver = SaSolver {
        predictor: 2,
        corrector: 1,
        tau: 1.0,
        noisy: [0.25, 0.5],
    };
    returns(
        solver,
        r#"{"predictor":2,"corrector":1,"tau":1.0,"noisy":[0.25,0.5]}"#,
    );
    let (steepness, cap) = (1.0, 3.0);
    returns(
        DoubleWell { steepness, cap },
        r#"{"steepness":1.0,"cap":3.0}"#,
    );
}

#[test]
fn results_return() {
    let tuned = Tuned {
        step_size: 0.5,
        bias: 0.25,
        error: 0.125,
        statistic: 1,
        drift_calls: 7,
    };
    returns(
        tuned,
        r#"{"step_size":0.5,"bias":0.25,"error":0.125,"statistic":1,"drift_calls":7}"#,
    );
}

#[test]
fn states_return_to_the_bit() {
    let state = Phase {
        position: vector![0.1_f32, -2.0],
        velocity: vector![3.0, 0.3],
    };
    returns(state, r#"{"position":[0.1,-2.0],"velocity":[3.0,0.3]}"#);
    let mut moments = Moments::new();
    for n in 1..=100_u8 {
        moments.push(1.0 / f32::from(n)).unwrap();
    }
    let text = serde_json::to_string(&moments).unwrap();
    assert_eq!(
        serde_json::from_str::<Moments<f32>>(&text).unwrap(),
        moments
    );
}

#[test]
fn what_is_unknown_is_refused() {
    assert!(serde_json::from_str::<MidpointLaw>(r#""Double""#).is_err());
    assert!(serde_json::from_str::<Ddim<f32>>("{}").is_err());
    assert!(serde_json::from_str::<Phase<f32, 2>>(r#"{"position":[1,2],"velocity":[1]}"#).is_err());
}
