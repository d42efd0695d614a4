#include "lib/spectral.glsl"

vec4 bent(int tile, ivec2 p) {
    return passed(1, tile, p) - passed(0, tile, p);
}
