#include "lib/sample.glsl"

vec2 place(ivec2 p) {
    return vec2(p) - vec2(X, Y) * vec2(u_shape.zy);
}

#include "lib/moved.glsl"
