#include "lib/sample.glsl"
#include "lib/wave.glsl"

vec2 place(ivec2 p) {
    vec2 at = (vec2(p) + 0.5) / vec2(u_shape.zy);
    float angle = at.x * 6.283185307179586 + TURN;
    float far = at.y * REACH;
    vec2 to = far * vec2(wave(angle, 1), wave(angle, 0)) * (vec2(u_shape.zy) / 2.0);
    return vec2(u_shape.zy - 1) / 2.0 + to;
}

#include "lib/moved.glsl"
