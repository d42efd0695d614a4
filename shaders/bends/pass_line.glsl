// The convolution that a Gaussian filter of frequencies is along one axis, around the edges: the inverse transform of
// the filter, one cutoff to a lane.
#include "lib/wave.glsl"
#include "lib/spectral_reach.glsl"

vec4 texel(int tile, ivec2 p) {
    int size = u_shape.y * u_shape.z, at = p.x + p.y;
    vec2 sum = vec2(0.0);
    for (int f = 0; f < size; f++) {
        vec2 part = 2.0 * float(min(f, size - f)) / float(size) / CUTOFFS;
        sum += exp(-0.5 * part * part) * wave(float(f * at % size) / float(size) * 6.283185307179586, 1);
    }
    return vec4(sum / float(size), 0.0, 0.0);
}
