/** Departments, doctors, slots, and what is booked. */
import { useQuery } from '@tanstack/react-query';
import { get } from '../../api/client';
import { KEYS } from '../../live/cache';

const RARELY = 300_000;
export const slotsKey = (doctor: string, date: string) => [...KEYS.appointments, 'slots', doctor, date];

export function useDepartments() {
  return useQuery({ queryKey: ['departments'], queryFn: () => get('/api/departments'), staleTime: RARELY });
}

export function useDoctors(department: string) {
  return useQuery({ queryKey: ['doctors', department], queryFn: () => get('/api/doctors', { query: { department } }), staleTime: RARELY, enabled: department !== '' });
}

export function useSlots(doctor: string, date: string) {
  return useQuery({ queryKey: slotsKey(doctor, date), queryFn: () => get('/api/slots', { query: { doctor, date } }), enabled: doctor !== '' && date !== '' });
}

/** Of a lead, where one is known, else of a call. */
export function useAppointments(leadId: string | null, ucid: string | null) {
  const query = leadId !== null ? { leadId } : { ucid };
  return useQuery({ queryKey: [...KEYS.appointments, query], queryFn: () => get('/api/appointments', { query }), enabled: leadId !== null || ucid !== null });
}
