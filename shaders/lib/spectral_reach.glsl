// How many pixels away a Gaussian filter of frequencies still tells, along a circle of a size.
//
// Where hardly anything is left at the highest frequency, its convolution is a Gaussian as well, of 1 / (pi cutoff)
// pixels, which is over after six of its deviations; else it tells all the way round.
#if defined(BAND)
#define CUTOFFS vec2(LOW, HIGH)
#else
#define CUTOFFS vec2(CUTOFF)
#endif

int spectral_reach(int which, int size) {
    float cutoff = CUTOFFS[which];
    int half_way = size / 2;
    return cutoff > 0.2 ? half_way : min(half_way, int(ceil(6.0 / (3.141592653589793 * cutoff))) + 1);
}
