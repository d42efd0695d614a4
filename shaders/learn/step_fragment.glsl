// From one set of textures into another.
layout(location = 0) out vec4 o_weight;
layout(location = 1) out vec4 o_first;
layout(location = 2) out vec4 o_second;
uniform sampler2D u_weight, u_first_slot, u_second_slot;

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 weight = texelFetch(u_weight, at, 0), first = texelFetch(u_first_slot, at, 0);
    vec4 second = texelFetch(u_second_slot, at, 0);
    step_of(weight, first, second, at);
    o_weight = weight;
    o_first = first;
    o_second = second;
}
