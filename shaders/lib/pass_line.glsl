// The convolution that a Gaussian filter of frequencies is along one axis of LINE pixels, around the edges: the inverse
// transform of the filter. A row for each cutoff; how lines lie is drawn in lib/spectral_reach.glsl.
#include "lib/wave.glsl"
#include "lib/spectral_reach.glsl"

float kept(int f, float cutoff) {
    float part = 2.0 * float(f) / float(LINE) / cutoff;
    return exp(-0.5 * part * part);
}

vec4 texel(int tile, ivec2 p) {
    int size = LINE;
    float cutoff = CUTOFFS[p.y];
    ivec4 far = (p.x - middle_of_line(size)) * 4 + ivec4(0, 1, 2, 3), at = abs(far) % size;
    vec4 sum = vec4(1.0);
    for (int f = 1; f < (size + 1) / 2; f++) {
        vec4 turn = vec4(f * at % size) / float(size) * 6.283185307179586;
        sum += 2.0 * kept(f, cutoff) * vec4(wave(turn.x, 1), wave(turn.y, 1), wave(turn.z, 1), wave(turn.w, 1));
    }
    // The highest frequency, of an even number of pixels, is there once.
    if (size % 2 == 0) sum += kept(size / 2, cutoff) * mix(vec4(1.0), vec4(-1.0), equal(at & 1, ivec4(1)));
    // What lies opposite on the circle lies there once.
    ivec4 reach = ivec4(spectral_reach(p.y, size));
    bvec4 before = greaterThanEqual(far, -min(reach, ivec4((size - 1) / 2))), behind = lessThanEqual(far, reach);
    return mix(vec4(0.0), sum / float(size), equal(ivec4(before) & ivec4(behind), ivec4(1)));
}
