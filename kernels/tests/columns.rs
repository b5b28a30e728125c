//! Which dimensions of a particle can be used together, and what is then read and written.

use super::*;

/// Twelve elements for each of three particles, and no more.
#[repr(align(16))]
struct Array([u32; 36]);

impl Array {
    /// Numbered from a number on.
    fn new(first: u32) -> Self {
        let mut numbers = first..;
        Self([(); 36].map(|()| numbers.next().unwrap()))
    }
}

/// Two such arrays as columns, the second without its last elements.
fn columns(
    arrays: &mut [Array; 2],
    missing: usize,
    strides: (usize, usize),
    counts: (usize, usize),
) -> Columns<u32, 2> {
    let [first, second] = arrays;
    // SAFETY: the columns are used as long as the arrays are there, and nobody else uses these.
    let columns = unsafe {
        [
            Column::new(first.0.as_mut_ptr(), 36),
            Column::new(second.0.as_mut_ptr(), 36 - missing),
        ]
    };
    Columns::new(columns, strides, counts)
}

fn arrays() -> [Array; 2] {
    [Array::new(0), Array::new(100)]
}

#[test]
fn side_by_side() {
    let mut arrays = arrays();
    // Two of ten dimensions are left over.
    let rows = columns(&mut arrays, 2, (1, 12), (10, 3)).rows(2, 0, 4);
    let row = |number| rows.and_then(|rows| rows.row(number)?.together());
    assert_eq!(row(1).unwrap().get::<4>(1), [128, 129, 130, 131]);
    row(1).unwrap().set(0, [5, 6, 7, 8]);
    assert!(row(2).is_none() && row(u32::MAX).is_none());
    // Another number of elements, and no column.
    assert_eq!(row(1).unwrap().get::<2>(1), [0; 2]);
    assert_eq!(row(1).unwrap().get::<4>(2), [0; 4]);
    row(1).unwrap().set(1, [9; 2]);
    row(1).unwrap().set(2, [9; 4]);

    let mut expected = self::arrays();
    expected[0].0[28..32].copy_from_slice(&[5, 6, 7, 8]);
    assert_eq!(arrays.map(|array| array.0), expected.map(|array| array.0));
}

#[test]
fn apart() {
    let mut arrays = arrays();
    let rows = columns(&mut arrays, 0, (3, 1), (12, 3)).rows(2, 1, 2);
    let row = |number| rows.and_then(|rows| rows.row(number));
    assert!(row(0).unwrap().together().is_none());
    // Dimensions 11 and 12, of which there are 12, are no row.
    assert!(row(4).is_some() && row(5).is_none());
    assert_eq!(row(4).unwrap().get::<2>(1), [129, 132]);
    row(4).unwrap().set(1, [5, 6]);

    let mut expected = self::arrays();
    (expected[1].0[29], expected[1].0[32]) = (5, 6);
    assert_eq!(arrays.map(|array| array.0), expected.map(|array| array.0));
}

#[test]
fn those_before_the_first_are_none() {
    let mut arrays = arrays();
    let rows = columns(&mut arrays, 0, (3, 1), (12, 3)).rows(0, 0_u32.wrapping_sub(3), 2);
    let row = |number| rows.and_then(|rows| rows.row(number));
    assert!(row(0).is_none() && row(1).is_none());
    assert_eq!(row(2).unwrap().get::<2>(0), [3, 6]);
}

#[test]
fn what_is_not_whole_or_not_aligned_is_none() {
    let mut arrays = arrays();
    let mut is_some = |missing, strides, counts, place, first| {
        columns(&mut arrays, missing, strides, counts)
            .rows(place, first, 4)
            .is_some()
    };
    assert!(is_some(2, (1, 12), (10, 3), 0, 0));
    assert!(!is_some(3, (1, 12), (10, 3), 0, 0));
    assert!(!is_some(2, (1, 12), (10, 3), 3, 0));
    assert!(!is_some(0, (1, 12), (0, 3), 0, 0));
    assert!(!is_some(0, (1, 12), (10, 0), 0, 0));
    assert!(!is_some(0, (1, 12), (3, 3), 0, 0));
    // Products, and a sum, that would be small if they wrapped.
    assert!(!is_some(0, (usize::MAX / 4 + 1, 1), (5, 3), 0, 0));
    assert!(!is_some(0, (1, usize::MAX / 2 + 1), (4, 3), 0, 0));
    assert!(!is_some(0, (usize::MAX / 4, 2), (5, 3), 0, 0));
    // Dimension 1 is not aligned, nor is the second particle's first; apart they need not be.
    assert!(!is_some(0, (1, 12), (10, 3), 0, 1));
    assert!(is_some(0, (1, 11), (10, 3), 0, 0) && !is_some(0, (1, 11), (10, 3), 1, 0));
    assert!(is_some(0, (3, 1), (12, 3), 1, 1));
}
