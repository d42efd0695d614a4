// Before the loops of convolve_matrix.glsl and convolve_window.glsl: what a thread adds up in half precision, of RUN steps and,
// with ALL_HALF, of all of them.
#if RUN > 0
Pair few[PAIRS];
for (int i = 0; i < PAIRS; i++) few[i] = Pair(0.0);
#if ALL_HALF
Pair all[PAIRS];
for (int i = 0; i < PAIRS; i++) all[i] = Pair(0.0);
#endif
#endif
