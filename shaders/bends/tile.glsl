#include "lib/sample.glsl"

vec2 place(ivec2 p) {
    return (vec2(p) + 0.5) * vec2(ACROSS, DOWN) - 0.5;
}

#include "lib/moved.glsl"
