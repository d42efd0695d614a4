#include "lib/sample.glsl"
#include "lib/random.glsl"

float corner(uint seed, int part, ivec3 at) {
    uint bits = random_bits(seed, float(at.z & 0xffffff), part, at.xy);
    return uniform_of(bits) * 2.0 - 1.0;
}

float field(uint seed, int part, vec3 at) {
    ivec3 near = ivec3(floor(at));
    vec3 between = at - vec3(near);
    between = between * between * (3.0 - 2.0 * between);
    float found[2];
    for (int t = 0; t < 2; t++) {
        float upper = mix(corner(seed, part, near + ivec3(0, 0, t)), corner(seed, part, near + ivec3(1, 0, t)), between.x);
        float lower = mix(corner(seed, part, near + ivec3(0, 1, t)), corner(seed, part, near + ivec3(1, 1, t)), between.x);
        found[t] = mix(upper, lower, between.y);
    }
    return mix(found[0], found[1], between.z);
}

vec2 place(ivec2 p) {
    uint seed = seed_of(SEED_LOW, SEED_HIGH);
    vec3 at = vec3((vec2(p) + 0.5) / vec2(u_shape.zy) * CELLS, TIME * SPEED);
    vec2 pull = vec2(field(seed, 0, at), field(seed, 1, at));
    return vec2(p) + STRENGTH * pull * vec2(u_shape.zy);
}

#include "lib/moved.glsl"
