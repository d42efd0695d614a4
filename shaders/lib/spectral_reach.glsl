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

#ifdef SPAN
// Adds up for SPAN places from one on along a circle, which share what they read. LINE_AT gives a place of the line, LINE_WEIGHT
// how much it counts so far away.
#define ADD_ALONG_CIRCLE(sum, which, first, size, LINE_AT, LINE_WEIGHT) \
    { \
        int after = spectral_reach(which, size), before = min(after, (size - 1) / 2); \
        float weights[SPAN]; \
        for (int k = 0; k < SPAN; k++) weights[k] = 0.0; \
        int at = first - before; \
        at += at < 0 ? size : 0; \
        for (int far = -before; far < after + SPAN; far += 4) { \
            /* Four at a time: what a loop carries along is kept in memory. */ \
            for (int n = 0; n < 4; n++) { \
                for (int k = SPAN - 1; k > 0; k--) weights[k] = weights[k - 1]; \
                /* What lies opposite on the circle lies there once. */ \
                weights[0] = far + n <= after ? LINE_WEIGHT(which, abs(far + n)) : 0.0; \
                vec4 value = LINE_AT(which, at); \
                for (int k = 0; k < SPAN; k++) sum[k] += value * weights[k]; \
                at += at + 1 == size ? 1 - size : 1; \
            } \
        } \
    }
#endif
