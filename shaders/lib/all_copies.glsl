// Behind the loops of convolve_matrix.glsl and convolve_window.glsl: sums that were in half precision to the end.
#if RUN > 0 && ALL_HALF
ADD_PAIRS(all)
#endif
