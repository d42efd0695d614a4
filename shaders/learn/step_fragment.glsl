// From one set of textures into another.
layout(location = 0) out vec4 o_weight;
layout(location = 1) out vec4 o_first;
layout(location = 2) out vec4 o_second;
uniform sampler2D u_weight, u_first_slot, u_second_slot, u_grad;
#if RATED
uniform sampler2D u_rates;
#endif
#if PULLED
uniform sampler2D u_strength, u_target;
#endif

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec4 weight = texelFetch(u_weight, at, 0), first = texelFetch(u_first_slot, at, 0);
    vec4 second = texelFetch(u_second_slot, at, 0), before = weight;
    weight = moved(weight, first, second, texelFetch(u_grad, at, 0) * u_scale);
#if RATED
    weight = rated(before, weight, texelFetch(u_rates, at, 0));
#endif
#if PULLED
    weight = pulled(weight, texelFetch(u_strength, at, 0), texelFetch(u_target, at, 0));
#endif
    o_weight = weight;
    o_first = first;
    o_second = second;
}
