// CUDA C with NVRTC on a GPU, and plain C++ on any host for tests.

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define ON_DEVICE 1
#define DEVICE static __device__
#define OUT_OF_LINE static __device__ __noinline__
#define TABLE static __device__ const
#define COEFFICIENTS static __constant__ const
#define NO_UNROLL _Pragma("unroll 1")
#define INFINITE __longlong_as_double(0x7ff0000000000000LL)
#define NO_NUMBER __longlong_as_double(0x7ff8000000000000LL)
#else
#include <math.h>
#define DEVICE static inline
#define OUT_OF_LINE static __attribute__((noinline))
#define TABLE static const
#define COEFFICIENTS static const
#define NO_UNROLL
#define INFINITE __builtin_inf()
#define NO_NUMBER __builtin_nan("")
#endif

// Where a thread's work array lies. In local memory (the default) the hardware interleaves the threads, so a
// warp that reads one index reads neighbouring words, and stores stay in the first-level cache. In global
// memory the same interleaving is written out: [index][thread], with the number of threads as the stride.
#ifdef WORK_STRIDE
#define W(index) work[(long long)(index) * WORK_STRIDE]
#define WORK_OF_THREAD double *work = batch->work + thread;
#else
#define W(index) work[index]
#define WORK_OF_THREAD double work[WORK_SLOTS];
#endif

// Python's min and max on numbers that may be none: what is no number wins
DEVICE double least(double left, double right)
{
    return left != left || right != right ? left + right : left < right ? left : right;
}

DEVICE double greatest(double left, double right)
{
    return left != left || right != right ? left + right : left > right ? left : right;
}
