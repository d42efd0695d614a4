#include "lib/blurred_column.glsl"

vec4 bent(int tile, ivec2 p) {
    return blurred(tile, p);
}
