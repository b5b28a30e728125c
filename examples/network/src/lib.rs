//! The Python module `langevin`: overdamped Langevin dynamics of a batch in a GPU's memory, whose drift is computed
//! elsewhere. Its arrays speak `__cuda_array_interface__`, so that PyTorch, CuPy and Numba read and write them where they
//! are.

use core::ptr::without_provenance_mut;

use poisson_midpoint::batch::Status;
use poisson_midpoint::cuda::cust::memory::DevicePointer;
use poisson_midpoint::cuda::{Gpu, LaunchError, Layout, SplitBatch};
use poisson_midpoint::dynamics::Overdamped;
use poisson_midpoint::random::Streams;
use poisson_midpoint::{MidpointLaw, PoissonMidpoint};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

fn refused(error: LaunchError) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

type Particles = SplitBatch<'static, Overdamped<f32>>;

/// An array of `f32` in a GPU's memory, one particle after another.
#[pyclass(frozen)]
struct Array {
    /// Whose memory it is, which stays as long as the array.
    _owner: Py<Batch>,
    address: u64,
    shape: (usize, usize),
}

#[pymethods]
impl Array {
    /// Where it is.
    #[getter]
    fn address(&self) -> u64 {
        self.address
    }

    /// Particles, dimensions.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// Version 3 of Numba's protocol. It names no stream: what uses the array is on the batch's.
    #[getter]
    fn __cuda_array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        interface.set_item("shape", self.shape)?;
        interface.set_item("typestr", "<f4")?;
        interface.set_item("data", (self.address, false))?;
        interface.set_item("version", 3)?;
        Ok(interface)
    }
}

/// Particles on a GPU.
#[pyclass]
struct Batch {
    device: String,
    /// The device stays open as long as the program runs.
    batch: Particles,
    shape: (usize, usize),
}

#[pymethods]
impl Batch {
    /// `count` particles of `dimension` dimensions at the values of `start`, one after another, on device `device`.
    /// Everything happens on a stream of the network's library, `torch.cuda.current_stream().cuda_stream` for example; 0 is
    /// the default stream. It must be one of that device, live as long as the program, and not be captured: nothing
    /// checks that. 2, which stands for another stream in each thread, is refused.
    #[new]
    #[pyo3(signature = (start, dimension, seed=0, device=0, stream=0))]
    fn new(
        start: Vec<f32>,
        dimension: usize,
        seed: u64,
        device: u32,
        stream: usize,
    ) -> PyResult<Self> {
        if stream == 2 {
            let why = "stream 2 is another in each thread: name one that is the same in all";
            return Err(PyValueError::new_err(why));
        }
        // SAFETY: as the class demands of its caller in Python.
        let gpu =
            unsafe { Gpu::on_stream(device, without_provenance_mut(stream)) }.map_err(refused)?;
        let gpu: &'static Gpu = Box::leak(Box::new(gpu));
        let streams = Streams::new(seed);
        let batch: Particles = gpu
            .split_phase(streams, 0, dimension, Layout::Rows, &start)
            .map_err(refused)?;
        Ok(Self {
            device: gpu.name().map_err(refused)?,
            shape: (batch.len(), dimension),
            batch,
        })
    }

    /// The device's name.
    #[getter]
    fn device(&self) -> &str {
        &self.device
    }

    /// The states, here until the next step is over.
    #[getter]
    fn state(slf: &Bound<'_, Self>) -> PyResult<Array> {
        Self::array(slf, |batch| Ok(batch.state()))
    }

    /// Where the drift at the states goes.
    #[getter]
    fn b0(slf: &Bound<'_, Self>) -> PyResult<Array> {
        Self::array(slf, SplitBatch::b0)
    }

    /// The midpoints at which a drift is asked for.
    #[getter]
    fn query(slf: &Bound<'_, Self>) -> PyResult<Array> {
        Self::array(slf, SplitBatch::query)
    }

    /// Where the drift at the midpoints goes.
    #[getter]
    fn drift(slf: &Bound<'_, Self>) -> PyResult<Array> {
        Self::array(slf, SplitBatch::drift)
    }

    /// Begins macro step `step` of the Poisson midpoint method with one midpoint, the drift being in `b0`. There are at
    /// least two inner steps.
    fn begin(&mut self, step_size: f32, inner_steps: u32, step: u32) -> PyResult<()> {
        let dynamics = Overdamped::new(step_size, inner_steps)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let stepper = PoissonMidpoint::new(dynamics, MidpointLaw::Single);
        self.batch.begin(&stepper, step).map_err(refused)
    }

    /// Ends the step, the drift at the midpoints being in `drift`.
    fn end(&mut self) -> PyResult<()> {
        self.batch.midpoint().map_err(refused)?;
        self.batch.finish().map_err(refused)
    }

    /// How many particles have failed; those stay where they were.
    fn failed(&self) -> PyResult<usize> {
        let status = self.batch.status().map_err(refused)?;
        Ok(status
            .iter()
            .filter(|status| **status != Status::Active)
            .count())
    }
}

impl Batch {
    fn array(
        slf: &Bound<'_, Self>,
        pointer: fn(&Particles) -> Result<DevicePointer<f32>, LaunchError>,
    ) -> PyResult<Array> {
        let batch = slf.borrow();
        Ok(Array {
            _owner: slf.clone().unbind(),
            address: pointer(&batch.batch).map_err(refused)?.as_raw(),
            shape: batch.shape,
        })
    }
}

/// Overdamped Langevin dynamics on a GPU, with a drift that is computed elsewhere.
#[pymodule]
fn langevin(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Array>()?;
    module.add_class::<Batch>()
}
