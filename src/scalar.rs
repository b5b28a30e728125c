//! What the recurrences calculate with: one number, or a row of lanes with a number each.

use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::real::Real;

/// A number of a recurrence: `f32` or `f64` for one particle, a [`Row`] of them for several.
///
/// Every formula of the crate that a particle's path depends on is written over this trait, so a lane of a row
/// has the bits of a particle alone.
pub trait Scalar:
    Copy
    + Debug
    + PartialEq
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The number of one lane.
    type Real: Real;
    /// An inner step for each lane.
    type Count: Copy + Debug;

    /// The same number in every lane.
    fn splat(value: Self::Real) -> Self;
    /// The same inner step in every lane.
    fn count(inner_step: u32) -> Self::Count;
    /// A function of each lane's two inner steps.
    fn of_counts(
        first: Self::Count,
        second: Self::Count,
        map: impl Fn(u32, u32) -> Self::Real,
    ) -> Self;
    /// A function of each lane's number.
    #[must_use]
    fn map(self, map: impl Fn(Self::Real) -> Self::Real) -> Self;
    /// Two functions of each lane's number, computed together.
    fn map_pair(self, map: impl Fn(Self::Real) -> (Self::Real, Self::Real)) -> (Self, Self);
    /// [`map_pair`](Self::map_pair) by `map`, or by `vectorised` if `is_regular` holds in every lane: both then agree.
    fn map_pair_regular(
        self,
        is_regular: impl Fn(Self::Real) -> bool,
        vectorised: impl Fn(Self::Real) -> (Self::Real, Self::Real),
        map: impl Fn(Self::Real) -> (Self::Real, Self::Real),
    ) -> (Self, Self);
    /// [`map`](Self::map) by `map`, or by `vectorised` if `is_regular` holds in every lane: both then agree.
    #[must_use]
    fn map_regular(
        self,
        is_regular: impl Fn(Self::Real) -> bool,
        vectorised: impl Fn(Self::Real) -> Self::Real,
        map: impl Fn(Self::Real) -> Self::Real,
    ) -> Self;
    /// A function of each lane's two numbers.
    #[must_use]
    fn zip(self, other: Self, map: impl Fn(Self::Real, Self::Real) -> Self::Real) -> Self;
    /// [`zip`](Self::zip) by `map`, or by `vectorised` if `is_regular` holds in every lane: both then agree.
    #[must_use]
    fn zip_regular(
        self,
        other: Self,
        is_regular: impl Fn(Self::Real, Self::Real) -> bool,
        vectorised: impl Fn(Self::Real, Self::Real) -> Self::Real,
        map: impl Fn(Self::Real, Self::Real) -> Self::Real,
    ) -> Self;
    /// Whether the number of every lane is finite.
    fn all_finite(self) -> bool;
}

macro_rules! one_lane {
    ($real:ty) => {
        impl Scalar for $real {
            type Real = Self;
            type Count = u32;

            #[inline(always)]
            fn splat(value: Self) -> Self {
                value
            }
            #[inline(always)]
            fn count(inner_step: u32) -> u32 {
                inner_step
            }
            #[inline(always)]
            fn of_counts(first: u32, second: u32, map: impl Fn(u32, u32) -> Self) -> Self {
                map(first, second)
            }
            #[inline(always)]
            fn map(self, map: impl Fn(Self) -> Self) -> Self {
                map(self)
            }
            #[inline(always)]
            fn map_pair(self, map: impl Fn(Self) -> (Self, Self)) -> (Self, Self) {
                map(self)
            }
            #[inline(always)]
            fn map_regular(
                self,
                _is_regular: impl Fn(Self) -> bool,
                _vectorised: impl Fn(Self) -> Self,
                map: impl Fn(Self) -> Self,
            ) -> Self {
                map(self)
            }
            #[inline(always)]
            fn zip(self, other: Self, map: impl Fn(Self, Self) -> Self) -> Self {
                map(self, other)
            }
            #[inline(always)]
            fn map_pair_regular(
                self,
                _is_regular: impl Fn(Self) -> bool,
                _vectorised: impl Fn(Self) -> (Self, Self),
                map: impl Fn(Self) -> (Self, Self),
            ) -> (Self, Self) {
                map(self)
            }
            #[inline(always)]
            fn zip_regular(
                self,
                other: Self,
                _is_regular: impl Fn(Self, Self) -> bool,
                _vectorised: impl Fn(Self, Self) -> Self,
                map: impl Fn(Self, Self) -> Self,
            ) -> Self {
                map(self, other)
            }
            #[inline(always)]
            fn all_finite(self) -> bool {
                self.is_finite()
            }
        }
    };
}

one_lane! { f32 }
one_lane! { f64 }

/// A row of `L` lanes, in a form that the compiler turns into vector instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<T, const L: usize>(pub(crate) [T; L]);

impl<T: Real, const L: usize> Row<T, L> {
    /// This row's numbers in the lanes whose `choice` is not 0, those of `other` in the rest.
    #[inline(always)]
    pub(crate) fn or(mut self, choice: &[u32; L], other: Self) -> Self {
        for ((lane, &choice), &other) in self.0.iter_mut().zip(choice).zip(&other.0) {
            *lane = if choice == 0 { other } else { *lane };
        }
        self
    }

    /// Whether a condition holds in every lane. Not `all`: without the early exit the loop is free of branches.
    #[inline(always)]
    fn every(&self, condition: impl Fn(T) -> bool) -> bool {
        let lanes = self.0.iter();
        lanes.fold(true, |so_far, &x| so_far & condition(x))
    }

    /// A function of each lane's number in this row and in `other`.
    #[inline(always)]
    fn with(mut self, other: Self, map: impl Fn(T, T) -> T) -> Self {
        for (lane, &other) in self.0.iter_mut().zip(&other.0) {
            *lane = map(*lane, other);
        }
        self
    }
}

macro_rules! lane_by_lane {
    ($($operation:ident $function:ident),*) => {$(
        impl<T: Real, const L: usize> $operation for Row<T, L> {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                self.with(other, T::$function)
            }
        }
    )*};
}

lane_by_lane! { Add add, Sub sub, Mul mul, Div div }

impl<T: Real, const L: usize> Neg for Row<T, L> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.map(T::neg)
    }
}

impl<T: Real, const L: usize> Scalar for Row<T, L> {
    type Real = T;
    type Count = [u32; L];

    #[inline(always)]
    fn splat(value: T) -> Self {
        Self([value; L])
    }
    #[inline(always)]
    fn count(inner_step: u32) -> [u32; L] {
        [inner_step; L]
    }
    #[inline(always)]
    fn of_counts(first: [u32; L], second: [u32; L], map: impl Fn(u32, u32) -> T) -> Self {
        let mut row = Self([T::ZERO; L]);
        for (lane, (first, second)) in row.0.iter_mut().zip(first.iter().zip(&second)) {
            *lane = map(*first, *second);
        }
        row
    }
    #[inline(always)]
    fn map(mut self, map: impl Fn(T) -> T) -> Self {
        for lane in &mut self.0 {
            *lane = map(*lane);
        }
        self
    }
    #[inline(always)]
    fn map_pair(self, map: impl Fn(T) -> (T, T)) -> (Self, Self) {
        let mut pair = (self, self);
        for (first, second) in pair.0.0.iter_mut().zip(&mut pair.1.0) {
            (*first, *second) = map(*first);
        }
        pair
    }
    #[inline(always)]
    fn map_regular(
        self,
        is_regular: impl Fn(T) -> bool,
        vectorised: impl Fn(T) -> T,
        map: impl Fn(T) -> T,
    ) -> Self {
        if self.every(is_regular) {
            self.map(vectorised)
        } else {
            self.map(map)
        }
    }
    #[inline(always)]
    fn zip(self, other: Self, map: impl Fn(T, T) -> T) -> Self {
        self.with(other, map)
    }
    #[inline(always)]
    fn map_pair_regular(
        self,
        is_regular: impl Fn(T) -> bool,
        vectorised: impl Fn(T) -> (T, T),
        map: impl Fn(T) -> (T, T),
    ) -> (Self, Self) {
        if self.every(is_regular) {
            self.map_pair(vectorised)
        } else {
            self.map_pair(map)
        }
    }
    #[inline(always)]
    fn zip_regular(
        self,
        other: Self,
        is_regular: impl Fn(T, T) -> bool,
        vectorised: impl Fn(T, T) -> T,
        map: impl Fn(T, T) -> T,
    ) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        if pairs.fold(true, |so_far, (&x, &y)| so_far & is_regular(x, y)) {
            self.with(other, vectorised)
        } else {
            self.with(other, map)
        }
    }
    #[inline(always)]
    fn all_finite(self) -> bool {
        self.every(T::is_finite)
    }
}
