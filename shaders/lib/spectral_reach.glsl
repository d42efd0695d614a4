// How many pixels away a Gaussian filter of frequencies still tells, along a circle of a size, and how its weights lie.
//
// Where hardly anything is left at the highest frequency, its convolution is a Gaussian as well, of 1 / (pi cutoff)
// pixels, which is over after six of its deviations; else it tells all the way round.
//
//     size 6     -4 -3 -2 -1   0  1  2  3   4  5  6  7 | nothing, for sums that are made together
//     texel           0             1            2     |
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

// Which texel of a line holds the weight of the place itself, as its first lane.
int middle_of_line(int size) { return (size / 2 + 3) / 4; }

#ifdef SPAN
#include "lib/along.glsl"

// Where on a circle a place lies that is so many before one of it.
int back_from(int at, int far, int size) {
    at += size * 4 - far;
    return at - quotient(at, size) * size;
}

// A place of the circle, behind which the next one comes.
int step_on(inout int at, int size) {
    int was = at;
    at += at + 1 == size ? 1 - size : 1;
    return was;
}

int fours_of_reach(int which, int size) { return (spectral_reach(which, size) + 3) / 4 * 4; }
#endif
