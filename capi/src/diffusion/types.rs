//! The header's constants and types for diffusion.

use core_crate::Real;
use core_crate::diffusion::{Clip, MidpointDensity, Prediction, Row, Spacing, Variant};

use crate::status::pmid_status_t::{
    self, PMID_BAD_DENSITY, PMID_BAD_PREDICTION, PMID_BAD_SPACING, PMID_BAD_VARIANT,
};

/// A network's prediction from x = signal x0 + noise epsilon: the score, -epsilon/noise.
pub const PMID_SCORE: u32 = 0;
/// A network's prediction: the noise epsilon.
pub const PMID_EPSILON: u32 = 1;
/// A network's prediction: the data x0.
pub const PMID_SAMPLE: u32 = 2;
/// A network's prediction: the velocity, signal epsilon - noise x0.
pub const PMID_VELOCITY: u32 = 3;
/// A network's prediction: epsilon - x0, the direction of flow matching. Its network is to be called at
/// x/(signal + noise) and the time noise/(signal + noise).
pub const PMID_FLOW: u32 = 4;

/// Timesteps: from T to 0 in equal steps.
pub const PMID_UNIFORM: u32 = 0;
/// Timesteps: for n steps, 1 + j floor(T/n) with j from n - 1 to 0; then 0.
pub const PMID_LEADING: u32 = 1;
/// Timesteps: from T to 1 in equal steps; then 0.
pub const PMID_LINSPACE: u32 = 2;
/// Timesteps: for n steps, T (j/n)^2 with j from n to 0: short steps near the data.
pub const PMID_QUADRATIC: u32 = 3;
/// Timesteps: from T to 1 in equal steps of ln(signal/noise); then 0.
pub const PMID_LOG_SNR: u32 = 4;
/// Timesteps: from T to 1 in equal steps of (noise/signal)^(1/rho); then 0.
pub const PMID_KARRAS: u32 = 5;

/// Variant of DDPM: the ancestral step, with the posterior variance; the paper's 2.
pub const PMID_FIXED_SMALL: u32 = 0;
/// Variant of DDPM: the ancestral step with less noise; the paper's 3.
pub const PMID_REDUCED: u32 = 1;
/// Variant of DDPM: the ancestral step with more noise, of variance beta.
pub const PMID_FIXED_LARGE: u32 = 2;
/// Variant of DDPM: the exponential integrator of the reverse diffusion, with `correction` at least -1; the paper's 1a
/// to 1d have -1, 0, 1 and 2. The other variants ignore `correction`.
pub const PMID_EXPONENTIAL: u32 = 3;

/// Density of midpoints: in proportion to the effect of a network's output on the end of its macro step (DDRaM).
pub const PMID_DRIFT: u32 = 0;
/// Density of midpoints: that of PMID_DRIFT times the distance in ln(signal/noise) from the macro step's start.
pub const PMID_DRIFT_TIMES_DISTANCE: u32 = 1;

/// 64-bit words of a sampler.
pub const PMID_SAMPLER_WORDS: usize = 28;
/// 64-bit words of a run.
pub const PMID_RUN_WORDS: usize = 16;

pub(crate) fn prediction(prediction: u32) -> Result<Prediction, pmid_status_t> {
    match prediction {
        PMID_SCORE => Ok(Prediction::Score),
        PMID_EPSILON => Ok(Prediction::Epsilon),
        PMID_SAMPLE => Ok(Prediction::Sample),
        PMID_VELOCITY => Ok(Prediction::Velocity),
        PMID_FLOW => Ok(Prediction::Flow),
        _ => Err(PMID_BAD_PREDICTION),
    }
}

pub(crate) fn spacing(spacing: u32, rho: u32) -> Result<Spacing, pmid_status_t> {
    match spacing {
        PMID_UNIFORM => Ok(Spacing::Uniform),
        PMID_LEADING => Ok(Spacing::Leading),
        PMID_LINSPACE => Ok(Spacing::Linspace),
        PMID_QUADRATIC => Ok(Spacing::Quadratic),
        PMID_LOG_SNR => Ok(Spacing::LogSnr),
        PMID_KARRAS => Ok(Spacing::Karras { rho }),
        _ => Err(PMID_BAD_SPACING),
    }
}

pub(crate) fn variant<T>(variant: u32, correction: T) -> Result<Variant<T>, pmid_status_t> {
    match variant {
        PMID_FIXED_SMALL => Ok(Variant::FixedSmall),
        PMID_REDUCED => Ok(Variant::Reduced),
        PMID_FIXED_LARGE => Ok(Variant::FixedLarge),
        PMID_EXPONENTIAL => Ok(Variant::Exponential { correction }),
        _ => Err(PMID_BAD_VARIANT),
    }
}

pub(crate) fn density(density: u32) -> Result<MidpointDensity, pmid_status_t> {
    match density {
        PMID_DRIFT => Ok(MidpointDensity::Drift),
        PMID_DRIFT_TIMES_DISTANCE => Ok(MidpointDensity::DriftTimesDistance),
        _ => Err(PMID_BAD_DENSITY),
    }
}

/// The settings that all samplers have in common, in either scalar.
pub(crate) struct Settings<T> {
    pub exponents: *const T,
    pub training_steps: usize,
    pub timesteps: *const u32,
    pub timesteps_length: usize,
    pub predicts: u32,
    pub clip_limit: T,
    pub clip_quantile: T,
}

impl<T: Real> Settings<T> {
    /// The clip: none if the limit is 0, and to a fixed range if the quantile is 0.
    pub(crate) fn clip(&self) -> Result<Option<Clip<T>>, pmid_status_t> {
        if self.clip_limit == T::ZERO {
            return Ok(None);
        }
        Ok(Some(if self.clip_quantile == T::ZERO {
            Clip::range(self.clip_limit)?
        } else {
            Clip::dynamic(self.clip_quantile, self.clip_limit)?
        }))
    }
}

/// The C types of a scalar.
pub(crate) trait Diffusion: Real + 'static {
    type Settings: Copy;
    type Row;
    type NetworkQuery;
    fn settings(settings: &Self::Settings) -> Settings<Self>;
    fn network_query(position: *const Self, step: u32) -> Self::NetworkQuery;
}

macro_rules! types {
    ($real:ident) => {
        pastey::paste! {
            /// The settings that all samplers have in common. The arrays stay the caller's, and must not change as long
            /// as the sampler is used.
            #[repr(C)]
            #[derive(Clone, Copy)]
            pub struct [<pmid_settings_ $real _t>] {
                /// The noise schedule: -ln(alpha-bar) of training steps 1 to T, in (0, inf) and increasing; signal is
                /// sqrt(alpha-bar), noise sqrt(1 - alpha-bar).
                pub exponents: *const $real,
                /// The number T of training steps.
                pub training_steps: usize,
                /// The training steps to visit, decreasing, from at most T to 0, which is the data.
                pub timesteps: *const u32,
                /// The length of `timesteps`, one more than the number of steps.
                pub timesteps_length: usize,
                /// What the network predicts: PMID_EPSILON, PMID_VELOCITY, ...
                pub predicts: u32,
                /// The predicted data are clipped to [-clip_limit, clip_limit]; 0 for no clip.
                pub clip_limit: $real,
                /// 0; or, for dynamic thresholding, a number in (0, 1]: where this quantile q of the absolute values is
                /// above clip_limit, the predicted data are clipped to [-q, q] and scaled by clip_limit/q.
                pub clip_quantile: $real,
            }

            /// A row of a midpoint method's table, which its sampler fills.
            #[repr(C)]
            pub struct [<pmid_row_ $real _t>] {
                opaque: [$real; 4],
            }

            const _: () = assert!(
                size_of::<[<pmid_row_ $real _t>]>() == size_of::<Row<$real>>()
                    && align_of::<[<pmid_row_ $real _t>]>() == align_of::<Row<$real>>()
            );

            /// Where a run wants its network evaluated.
            #[repr(C)]
            pub struct [<pmid_network_query_ $real _t>] {
                /// The noisy data, in the run's work array; null when the sample is complete.
                pub position: *const $real,
                /// The training step, from 1 to T.
                pub step: u32,
            }

            impl Diffusion for $real {
                type Settings = [<pmid_settings_ $real _t>];
                type Row = [<pmid_row_ $real _t>];
                type NetworkQuery = [<pmid_network_query_ $real _t>];
                fn settings(settings: &Self::Settings) -> Settings<Self> {
                    let [<pmid_settings_ $real _t>] {
                        exponents,
                        training_steps,
                        timesteps,
                        timesteps_length,
                        predicts,
                        clip_limit,
                        clip_quantile,
                    } = *settings;
                    Settings {
                        exponents,
                        training_steps,
                        timesteps,
                        timesteps_length,
                        predicts,
                        clip_limit,
                        clip_quantile,
                    }
                }
                fn network_query(position: *const Self, step: u32) -> Self::NetworkQuery {
                    [<pmid_network_query_ $real _t>] { position, step }
                }
            }
        }
    };
}

types!(f32);
types!(f64);
