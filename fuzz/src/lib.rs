//! What the fuzz targets share: how inputs become numbers, dynamics and drifts, and the formulas that results are held
//! to. Those formulas are written from the papers; none calls what it is to judge.

pub mod drift;
pub mod dynamics;
pub mod naive;
pub mod numbers;
pub mod quadrature;
pub mod state;
pub mod steps;
