#include "lib/spectral.glsl"

vec4 bent(int tile, ivec2 p) {
    return read0(tile, p) - passed(0, tile, p);
}
