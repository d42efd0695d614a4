// Cosine and sine of every part of a turn, as many as a transform is long.
#include "lib/wave.glsl"

vec4 texel(int tile, ivec2 p) {
    float turn = 6.283185307179586 * float(p.x) / float(u_shape.z);
    return vec4(wave(turn, 1), wave(turn, 0), 0.0, 0.0);
}
