"""The engine's algorithm printed as CUDA C, one thread per member; needs no GPU to be imported or tested."""
